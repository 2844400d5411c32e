"""The exact vLLM command that serves a model on given GPUs, and why none would do."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from foreframe_models.capacity import (
    BLOCK_TOKENS,
    CPU_BLOCK_TOKENS,
    GIB,
    Demand,
    Fit,
    Gpus,
    Quantization,
    choose,
    layouts,
    sequences,
)
from foreframe_models.catalog import CWM, Card, cards

RETENTION_TOKENS = 512  # between points of a trace that can be gone back to; a multiple of a block
MAX_LOGPROBS = 32
SPECULATED = 8  # tokens that are guessed from what the trace repeats
LOOKUP = (2, 6)  # tokens of the trace's end that are looked for in it: at least, at most
CPU_PARAMETERS = 1_000_000_000  # beyond that a CPU answers no one in time
CPU_BATCH_TOKENS = 2048
CPU_CACHE_GIB = 1
# How vLLM calls the kernels for a checkpoint in that form; what it makes itself it calls the same.
VLLM_QUANTIZATION = {Quantization.FP8: "fp8", Quantization.AWQ: "awq_marlin"}


class DoesNotFit(Exception):
    """The model and its sessions do not fit the GPUs: what is missing, and what would fit."""


class NeedsGpu(Exception):
    """A model that a CPU is too slow for."""


class BadLayout(Exception):
    """GPUs or a degree that the model cannot be laid out on."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks to be served. `tensor_parallel` None: chosen."""

    card: Card
    sessions: int = 8
    context: int = 32_768  # tokens of a trace
    tensor_parallel: int | None = None
    speculated: int | None = None  # tokens; None: as many as pay on the device

    def demand(self, block_tokens: int = BLOCK_TOKENS) -> Demand:
        """The arithmetic's view of it."""
        context = min(self.context, self.card.geometry.context)
        return Demand(
            self.card.geometry,
            self.card.weights,
            self.sessions,
            context,
            block_tokens=block_tokens,
        )


@dataclass(frozen=True, slots=True)
class Serving:
    """One vLLM server. `fit` is None on a CPU; `devices` are GPUs to be seen, empty: all."""

    wish: Wish
    fit: Fit | None
    host: str = "127.0.0.1"
    port: int = 8000
    devices: tuple[int, ...] = ()
    extra: tuple[str, ...] = field(default=())

    @property
    def card(self) -> Card:
        return self.wish.card

    @property
    def replicas(self) -> int:
        return 1 if self.fit is None else self.fit.replicas

    @property
    def block_tokens(self) -> int:
        return CPU_BLOCK_TOKENS if self.fit is None else self.fit.demand.block_tokens

    @property
    def batch_tokens(self) -> int:
        return CPU_BATCH_TOKENS if self.fit is None else self.fit.demand.batch_tokens

    @property
    def url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{host}:{self.port}"

    @property
    def engine(self) -> str:
        """What `--engine` is told: with several replicas, that sessions stick to theirs."""
        return self.url if self.replicas == 1 else f"{self.url}#replicas={self.replicas}"

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that vLLM needs."""
        if self.fit is None:
            return {
                "VLLM_TARGET_DEVICE": "cpu",
                "VLLM_CPU_KVCACHE_SPACE": str(CPU_CACHE_GIB),
            }
        if self.devices:
            return {"CUDA_VISIBLE_DEVICES": ",".join(map(str, self.devices))}
        return {}

    def model_flags(self) -> dict[str, str | int | float | bool | dict[str, object]]:
        """Options of the engine itself, by vLLM's names with dashes; True: a flag alone."""
        card = self.card
        flags: dict[str, str | int | float | bool | dict[str, object]] = {
            "dtype": card.dtype,
            "max-model-len": self.wish.demand().context,
            "max-num-seqs": sequences(self.wish.sessions),
            "max-num-batched-tokens": self.batch_tokens,
            "block-size": self.block_tokens,
            "enable-prefix-caching": True,
        }
        if card.geometry.window is not None:  # vLLM refuses it for a model without windows
            flags["prefix-cache-retention-interval"] = RETENTION_TOKENS
        flags |= {
            "scheduling-policy": "priority",
            "max-logprobs": MAX_LOGPROBS,
            "structured-outputs-config": {"backend": "guidance"},
        }
        speculated = self.wish.speculated
        if speculated is None:
            speculated = 0 if self.fit is None else SPECULATED
        if speculated:
            flags["speculative-config"] = {
                "method": "ngram",
                "num_speculative_tokens": speculated,
                "prompt_lookup_min": LOOKUP[0],
                "prompt_lookup_max": LOOKUP[1],
            }
        if card.quantization in VLLM_QUANTIZATION:
            flags["quantization"] = VLLM_QUANTIZATION[card.quantization]
        if self.fit is not None:
            flags["gpu-memory-utilization"] = self.fit.gpus.utilization
            if self.fit.tensor_parallel > 1:
                flags["tensor-parallel-size"] = self.fit.tensor_parallel
        return flags

    def arguments(self) -> list[str]:
        """The words after `vllm`."""
        words = ["serve", self.card.source or self.card.name]
        words += ["--served-model-name", self.card.name]
        words += ["--host", self.host, "--port", str(self.port)]
        words += as_words(self.model_flags())
        words += ["--enable-prompt-tokens-details", "--disable-uvicorn-access-log"]
        if self.replicas > 1:
            words += ["--data-parallel-size", str(self.replicas)]
        return [*words, *self.extra]

    def shell(self, program: str = "vllm") -> str:
        """The command as a person would type it, an option a line."""
        assignments = "".join(f"{name}={value} " for name, value in self.environment.items())
        return assignments + shell_lines(program, self.arguments())


def as_words(flags: Mapping[str, object]) -> list[str]:
    """Options as words of a command line; what is structured as JSON."""
    words: list[str] = []
    for name, value in flags.items():
        words.append(f"--{name}")
        if isinstance(value, dict):
            words.append(json.dumps(value, separators=(",", ":")))
        elif value is not True:
            words.append(str(value))
    return words


def shell_lines(program: str, words: list[str]) -> str:
    """A command quoted for a shell, each option on a line of its own."""
    lines: list[str] = []
    line = [program]
    for word in words:
        if word.startswith("--") and len(line) > 0:
            lines.append(" ".join(line))
            line = []
        line.append(shlex.quote(word))
    lines.append(" ".join(line))
    return " \\\n  ".join(lines)


def plan(wish: Wish, gpus: Gpus | None) -> Fit | None:
    """How the wish is laid out; None on a CPU.

    Raises DoesNotFit with the arithmetic, NeedsGpu, or BadLayout for a degree that cannot be.
    """
    if gpus is None or gpus.count == 0:
        if wish.card.geometry.parameters > CPU_PARAMETERS:
            raise NeedsGpu(
                f"{wish.card.name} has {wish.card.geometry.parameters / 1e9:.1f} billion "
                f"parameters ({gib(wish.card.weights)} of weights) and no GPU was found here: a "
                "CPU would take minutes a step. Serve it on another machine and name that with "
                "--engine, or see what it needs with --gpus 2x80 (two GPUs of 80 GiB)"
            )
        return None
    found = layouts(wish.demand(), gpus)
    if wish.tensor_parallel is not None:
        found = [fit for fit in found if fit.tensor_parallel == wish.tensor_parallel]
        if not found:
            degrees = ", ".join(map(str, wish.card.geometry.degrees(gpus.count)))
            raise BadLayout(
                f"{wish.card.name} cannot be cut into {wish.tensor_parallel} on {gpus.count} "
                f"GPU{'s' * (gpus.count != 1)}: of its {wish.card.geometry.heads} heads and "
                f"{wish.card.geometry.kv_heads} KV heads each GPU needs whole ones. "
                f"--tensor-parallel can be {degrees}"
            )
    chosen = choose(found)
    if chosen is None:
        raise DoesNotFit(shortfall(wish, found))
    return chosen


def shortfall(wish: Wish, fits: list[Fit]) -> str:
    """Why none of the layouts will do, in numbers, and what would."""
    best = max(fits, key=lambda fit: (fit.sessions, fit.room))
    gpus, cache, demand = best.gpus, best.cache, best.demand
    context = f"{demand.context:,}"
    across = f", cut across {best.tensor_parallel} GPUs" if best.tensor_parallel > 1 else ""
    each = -(-demand.sessions // best.replicas)
    session = best.session_blocks * cache.block_bytes
    lines = [
        f"{wish.card.name} with {demand.sessions} session{'s' * (demand.sessions != 1)} of "
        f"{context} tokens does not fit {gpus.count} x {gpus.name} of {gib(gpus.memory)}.",
        f"On each GPU{across}:",
        f"  {gib(gpus.budget):>10}  may be used ({gpus.utilization:.0%} of {gib(gpus.memory)})",
        f"  {gib(best.weights):>10}  weights",
        f"  {gib(best.workspace):>10}  activations and runtime (an allowance)",
        f"  {gib(best.prefill_blocks * cache.block_bytes):>10}  a new prompt while it is read",
        f"  {gib(each * session):>10}  keys and values of {each} session{'s' * (each != 1)}, "
        f"{gib(session)} each",
        f"  {gib(best.missing):>10}  are missing",
    ]
    if best.sessions:
        lines.append(f"It holds {best.sessions} at that length.")
    lines.append("What would fit: " + ("; ".join(remedies(wish, best)) or "a larger machine"))
    return "\n".join(lines)


def remedies(wish: Wish, best: Fit) -> list[str]:
    """What would make it fit, the least change first."""
    gpus, found = best.gpus, list[str]()
    asked = (wish.sessions, wish.context)
    if best.sessions:
        found.append(f"--sessions {best.sessions}")
    shorter = wish.demand().context // 2
    while shorter >= 1024:
        if _fits(Wish(wish.card, wish.sessions, shorter), gpus):
            found.append(f"--context {shorter}")
            break
        shorter //= 2
    if wish.card.quantization is Quantization.NONE:
        smaller = wish.card.quantized(Quantization.FP8)
        if _fits(Wish(smaller, *asked), gpus):
            found.append("--quantization fp8")
    if wish.card.repository == CWM and _fits(Wish(cards()["cwm-awq"], *asked), gpus):
        found.append("cwm-awq")
    for count in (2, 4, 8, 16):
        more = Gpus(count, gpus.memory, gpus.name, gpus.utilization)
        if count > gpus.count and _fits(wish, more):
            found.append(f"{count} such GPUs")
            break
    return found


def _fits(wish: Wish, gpus: Gpus) -> bool:
    return choose(layouts(wish.demand(), gpus)) is not None


def gib(size: float) -> str:
    """Bytes for a person."""
    return f"{size / GIB:,.1f} GiB"
