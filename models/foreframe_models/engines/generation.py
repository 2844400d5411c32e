"""From a request to tokens on the embedded model: prefill, forced tokens, masks, choice."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from foreframe_models.confidence import from_json
from foreframe_models.engines.base import (
    Chunk,
    EngineRefused,
    Finish,
    ModelInfo,
    PromptTooLong,
    Request,
    WeightsMissing,
)
from foreframe_models.engines.constraint import Constraint, GrammarVocabulary
from foreframe_models.engines.onnx_model import METADATA, Branch, Branches, OnnxModel
from foreframe_models.engines.quiet_onnxruntime import ort
from foreframe_models.vocabulary import Vocabulary

PREFILL_TOKENS = 256  # fed at once: what a more urgent request may have to wait for
EOS = "<pad>"  # what may end an answer early; no grammar names it

Logprobs = NDArray[np.float32]
Mask = NDArray[np.bool_]


class EmbeddedModel:
    """A loaded model with its vocabulary and caches. Belongs to one thread."""

    def __init__(
        self, folder: Path, *, threads: int | None, cache_bytes: int, prompts: int
    ) -> None:
        """Loads a model folder. Raises WeightsMissing."""
        self.model = OnnxModel(folder, threads=threads)
        metadata = self.model.metadata
        path = folder / metadata.vocabulary
        try:
            self.vocabulary = Vocabulary.load(path)
        except (OSError, ValueError, KeyError) as error:
            raise WeightsMissing(f"{path} cannot be read: {error}") from error
        if len(self.vocabulary) != metadata.vocabulary_size:
            raise WeightsMissing(
                f"{path} has {len(self.vocabulary)} tokens, the model {metadata.vocabulary_size}"
            )
        try:
            scales = from_json(metadata.confidence)
        except (ValueError, AttributeError) as error:
            raise WeightsMissing(f"{folder / METADATA} is damaged: {error}") from error
        specials = self.vocabulary.special
        self.info = ModelInfo(
            metadata.name, metadata.dialect, metadata.context_tokens, specials, scales
        )
        self._eos = self.vocabulary.special[EOS]
        self._grammars = GrammarVocabulary.of_ids(metadata.vocabulary_size, self._eos)
        self._texts = [self.vocabulary.decode([i]) for i in range(metadata.vocabulary_size)]
        self._branches = Branches(self.model, budget=cache_bytes, keep=prompts)

    @staticmethod
    def run_options() -> ort.RunOptions:
        """What a request's steps run under, to be ended by setting `terminate` on it."""
        options = ort.RunOptions()
        # Of no use on a CPU, but its absence costs onnxruntime an exception at every step.
        options.add_run_config_entry("gpu_graph_id", "-1")
        return options

    def generate(self, request: Request, run: ort.RunOptions) -> Iterator[Chunk]:
        """Answers a request, a chunk for every step; an empty one for a step of the prompt.

        Between two steps the generation may rest for any time. Closing the iterator ends it;
        setting `run.terminate`, in any thread, ends a step. Raises EngineError.
        """
        prompt = (*request.prompt, *request.forced)
        room = self._room(prompt)
        constraint = None
        if request.grammar is not None:
            constraint = self._grammars.constraint(request.grammar)
        branch = self._branches.take(prompt[:-1])
        cached = len(branch)
        try:
            pending = list(prompt[cached:])
            while len(pending) > PREFILL_TOKENS:
                branch.feed(pending[:PREFILL_TOKENS], run)
                del pending[:PREFILL_TOKENS]
                yield Chunk()
            finish = yield from self._answer(request, room, constraint, branch, pending, run)
        finally:
            self._branches.give(branch)
        yield Chunk(finish=finish, prompt_tokens=len(prompt), cached_tokens=cached)

    def score(self, ids: tuple[int, ...], start: int, run: ort.RunOptions) -> Iterator[Chunk]:
        """The log-probabilities of ids[start:], in a chunk for every step."""
        self._room(ids)
        if start < 1:
            raise EngineRefused("the first token has no probability: nothing stands before it")
        branch = self._branches.take(ids[: start - 1])
        try:
            while len(branch) < len(ids) - 1:
                at = len(branch)
                logits = branch.feed(ids[at : min(at + PREFILL_TOKENS, len(ids) - 1)], run)
                told = range(max(start, at + 1), len(branch) + 1)  # logits[i] are of at + i + 1
                values = (float(log_softmax(logits[i - at - 1])[ids[i]]) for i in told)
                yield Chunk(ids=tuple(ids[i] for i in told), logprobs=tuple(values))
        finally:
            self._branches.give(branch)
        yield Chunk(finish=Finish.STOP)

    def _room(self, prompt: Sequence[int]) -> int:
        """How many tokens may follow a prompt. Raises EngineError for one that cannot be fed."""
        info = self.info
        if len(prompt) >= info.context_tokens:
            raise PromptTooLong(
                f"a prompt of {len(prompt)} tokens does not fit the {info.context_tokens} that "
                f"{info.name} reads"
            )
        if not prompt:
            raise EngineRefused("an empty prompt cannot be continued")
        if not 0 <= min(prompt) <= max(prompt) < len(self._texts):
            raise EngineRefused(f"a prompt with token ids outside of 0..{len(self._texts) - 1}")
        return info.context_tokens - len(prompt)

    def _answer(
        self,
        request: Request,
        room: int,
        constraint: Constraint | None,
        branch: Branch,
        pending: list[int],
        run: ort.RunOptions,
    ) -> Generator[Chunk, None, Finish]:
        """Tokens until an end, and which. `pending` are those the branch has not been fed yet."""
        choose = chooser(request.temperature, request.seed)
        room = min(room, request.max_tokens)
        while room > 0:
            forced: list[int] = []
            allowed: Mask | None = None
            if constraint is not None:
                if constraint.finished:
                    return Finish.STOP
                forced = constraint.forced()[:room]
                if not forced:
                    allowed = constraint.allowed()
                    if np.count_nonzero(allowed) == 1:
                        forced = [int(allowed.argmax())]
            if forced:
                chunk = self._chunk(forced, [None] * len(forced), True)
            else:
                logits = branch.feed(pending, run)[-1]
                pending.clear()
                if allowed is not None:
                    logits = np.where(allowed, logits, -np.inf)
                logprobs = log_softmax(logits)
                token = choose(logprobs)
                chunk = self._chunk([token], [float(logprobs[token])], False)
            if constraint is not None:
                if chunk.ids[0] == self._eos:
                    return Finish.STOP
                constraint.advance(chunk.ids)
            pending.extend(chunk.ids)
            room -= len(chunk.ids)
            yield chunk
            if not request.stop_ids.isdisjoint(chunk.ids):
                return Finish.STOP
        return Finish.STOP if constraint is not None and constraint.finished else Finish.LENGTH

    def _chunk(self, ids: list[int], logprobs: Sequence[float | None], forced: bool) -> Chunk:
        texts = tuple(self._texts[i] for i in ids)
        return Chunk(tuple(ids), texts, tuple(logprobs), (forced,) * len(ids))


def log_softmax(logits: Logprobs) -> Logprobs:
    """[vocabulary] logits → natural logarithms of probabilities."""
    shifted: Logprobs = logits - logits.max()
    shifted -= np.log(np.exp(shifted).sum())
    return shifted


def chooser(temperature: float, seed: int | None) -> Callable[[Logprobs], int]:
    """How the next token is chosen: the best, or by chance. What is not allowed has -inf."""
    chance = np.random.default_rng(seed)

    def choose(logprobs: Logprobs) -> int:
        if temperature <= 0:
            return int(logprobs.argmax())
        weights = np.exp((logprobs - logprobs.max()) / temperature, dtype=np.float64)
        return int(chance.choice(len(weights), p=weights / weights.sum()))

    return choose
