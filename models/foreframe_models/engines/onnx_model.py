"""A decoder under onnxruntime, and branches: token sequences with their keys and values cached."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from foreframe_models.engines.base import EngineAborted, EngineOutOfMemory, WeightsMissing
from foreframe_models.engines.quiet_onnxruntime import ort

METADATA = "model.json"
FIRST_CAPACITY = 256  # tokens; doubled as a branch grows
SMALL_PARAMETERS = 8_000_000  # below, one thread is as fast as two

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What `training/export.py` writes beside the weights, as `model.json`."""

    name: str
    dialect: str
    context_tokens: int
    vocabulary_size: int
    layers: int
    kv_heads: int
    head_size: int
    parameters: int
    precision: str
    weights: str = "model.onnx"
    vocabulary: str = "vocabulary.json"
    confidence: dict[str, list[float]] = field(default_factory=dict)  # kind → temperature, bias

    @classmethod
    def load(cls, folder: Path) -> Metadata:
        """Reads a model folder's metadata. Raises WeightsMissing."""
        path = folder / METADATA
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise WeightsMissing(
                f"no embedded model at {folder}: {METADATA} cannot be read ({error.strerror})"
            ) from error
        except (ValueError, TypeError) as error:
            raise WeightsMissing(f"{path} is damaged: {error}") from error

    @property
    def threads(self) -> int:
        """How many are worth their coordination: four at most, one for a small model."""
        return 1 if self.parameters < SMALL_PARAMETERS else min(os.cpu_count() or 1, 4)

    @property
    def token_bytes(self) -> int:
        """Bytes of keys and values for one token."""
        return 2 * self.layers * self.kv_heads * self.head_size * 4


class OnnxModel:
    """The weights, loaded once and shared by all branches."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        """Loads the model of a folder. Raises WeightsMissing."""
        self.metadata = Metadata.load(folder)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or self.metadata.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # its errors are raised here, and told once
        # Threads that spin between tokens starve the other processes of a small machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = folder / self.metadata.weights
        try:
            self.session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has a class of its own for every trouble
            raise WeightsMissing(f"{path} cannot be loaded: {_first_line(error)}") from error
        wanted = {"input_ids", "attention_mask", *self.cache_names("past_key_values")}
        if missing := wanted - {node.name for node in self.session.get_inputs()}:
            raise WeightsMissing(f"{path} is no decoder with a cache: no input {min(missing)}")

    def cache_names(self, prefix: str) -> list[str]:
        """The graph's names for cached keys and values, in one fixed order."""
        return [
            f"{prefix}.{layer}.{kind}"
            for layer in range(self.metadata.layers)
            for kind in ("key", "value")
        ]


class Branch:
    """A token sequence and its keys and values, which the model writes in place.

    Past and present are one buffer of fixed capacity, so rewinding is setting a length, and a run
    that was terminated in the middle leaves the branch as it was.
    """

    def __init__(self, model: OnnxModel, capacity: int = FIRST_CAPACITY) -> None:
        self.model = model
        self.ids: list[int] = []
        self.capacity = 0
        self._cache: list[NDArray[np.float32]] = []
        self._binding = model.session.io_binding()
        self._reserve(capacity)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def bytes(self) -> int:
        """Memory of the cached keys and values."""
        return self.capacity * self.model.metadata.token_bytes

    def feed(self, ids: Sequence[int], run: ort.RunOptions | None = None) -> Logits:
        """Appends `ids` and gives the logits after each: [len(ids), vocabulary].

        Raises EngineOutOfMemory, and EngineAborted when `run` was terminated.
        """
        before, after = len(self.ids), len(self.ids) + len(ids)
        if after > self.capacity:
            self._reserve(after)
        tokens = np.asarray([ids], np.int64)
        mask = np.ones((1, after), np.int64)
        shape = (1, len(ids), self.model.metadata.vocabulary_size)
        logits: NDArray[np.float32] = np.empty(shape, np.float32)
        binding = self._binding
        binding.bind_cpu_input("input_ids", tokens)
        binding.bind_cpu_input("attention_mask", mask)
        binding.bind_output("logits", "cpu", 0, np.float32, logits.shape, logits.ctypes.data)
        try:
            self.model.session.run_with_iobinding(binding, run)
        except Exception as error:  # as above
            message = _first_line(error)
            if isinstance(error, MemoryError) or "alloc" in message.lower():
                raise EngineOutOfMemory(
                    f"no memory left for {after - before} more tokens: {message}"
                ) from error
            raise EngineAborted(f"the model stopped: {message}") from error
        self.ids.extend(ids)
        answer: Logits = logits[0]
        return answer

    def rewind(self, length: int) -> None:
        """Forgets all after the first `length` tokens."""
        del self.ids[length:]

    def fork(self, length: int) -> Branch:
        """A copy of the first `length` tokens that goes its own way."""
        twin = Branch(self.model, max(length, FIRST_CAPACITY))
        twin.ids = self.ids[:length]
        for old, new in zip(self._cache, twin._cache, strict=True):
            new[:, :, :length] = old[:, :, :length]
        return twin

    def _reserve(self, tokens: int) -> None:
        """Makes room for `tokens` in all, at least twice what there was."""
        metadata = self.model.metadata
        capacity = min(max(tokens, 2 * self.capacity), max(tokens, metadata.context_tokens))
        shape = (1, metadata.kv_heads, capacity, metadata.head_size)
        length = len(self.ids)
        past, present = self.model.cache_names("past_key_values"), self.model.cache_names("present")
        try:
            cache = [np.empty(shape, np.float32) for _ in past]
        except MemoryError as error:
            raise EngineOutOfMemory(f"no memory left to cache {capacity} tokens") from error
        for old, new in zip(self._cache, cache, strict=False):
            new[:, :, :length] = old[:, :, :length]
        for array, read, written in zip(cache, past, present, strict=True):
            place = ("cpu", 0, np.float32, shape, array.ctypes.data)
            self._binding.bind_input(read, *place)
            self._binding.bind_output(written, *place)
        self._cache, self.capacity = cache, capacity


class Branches:
    """Every branch of a model: those in use, and idle ones within a budget of memory.

    A branch in use belongs to who took it; idle ones are kept only to save time.
    """

    def __init__(self, model: OnnxModel, *, budget: int, keep: int) -> None:
        """`budget` is in bytes, `keep` the most idle branches."""
        self.model, self.budget, self.keep = model, budget, keep
        self._idle: list[Branch] = []  # the one used last is at the end
        self._busy: list[Branch] = []

    def take(self, prompt: Sequence[int], *, spare: int = 64) -> Branch:
        """A branch with as much of the start of `prompt` as any has, and nothing else.

        It is a fork when the other is in use, or goes on by more than `spare` tokens.
        """
        best, shared = None, 0
        for branch in (*reversed(self._idle), *self._busy):
            # More than that can only be shared by one that has the next token, too.
            if len(branch) > shared < len(prompt) and branch.ids[shared] == prompt[shared]:
                length = common_prefix(branch.ids, prompt)
                if length > shared:
                    best, shared = branch, length
        if best is None:
            taken = Branch(self.model)
        elif best in self._busy or len(best) - shared > spare:
            taken = best.fork(shared)
        else:
            self._idle.remove(best)
            best.rewind(shared)
            taken = best
        self._busy.append(taken)
        return taken

    def give(self, branch: Branch) -> None:
        """Takes a branch back, and drops the oldest idle ones beyond the budget."""
        self._busy.remove(branch)
        self._idle.append(branch)
        while len(self._idle) > 1 and (
            len(self._idle) > self.keep or sum(idle.bytes for idle in self._idle) > self.budget
        ):
            del self._idle[0]


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """How many ids both start with."""
    length = min(len(first), len(second))
    differs = np.asarray(first[:length]) != np.asarray(second[:length])
    return int(differs.argmax()) if differs.any() else length


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
