"""What a model needs of a GPU: bytes of weights, of keys and values; what fits; what a step costs.

All of it is arithmetic over a model's shape. The layout of the cache is vLLM's: blocks of some
tokens, each for a group of layers of one kind, all blocks equally large.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil

GIB = 1 << 30
BLOCK_TOKENS = 16  # vLLM's on a GPU
CPU_BLOCK_TOKENS = 32  # its default of 128 there never finds a short prompt again
UTILIZATION = 0.92  # of a GPU's memory, vLLM's default
BATCH_TOKENS = 8192  # at most, in one pass through the model
BATCHES_IN_FLIGHT = 2  # vLLM plans the next pass while one is under way
RUNTIME_BYTES = 2 * GIB  # CUDA's context, graphs and NCCL's buffers: an allowance, not measured
FRAME_TOKENS = 40  # of CWM's text; a recorded trace with five variables had 30 or more
STEP_FRAMES = 3  # frames that a person's step walks through, as an assumption
DTYPE_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


class Quantization(StrEnum):
    """How the weights of linear layers are held."""

    NONE = "none"
    FP8 = "fp8"  # 8 bits, made by vLLM while it loads any checkpoint
    AWQ = "awq"  # 4 bits, a checkpoint made so


AWQ_GROUP = 128  # weights that share a scale of 16 bits and a zero point of 4
LINEAR_BITS = {Quantization.FP8: 8.0, Quantization.AWQ: 4 + (16 + 4) / AWQ_GROUP}


@dataclass(frozen=True, slots=True)
class Geometry:
    """The shape of a decoder with grouped-query attention and a gated MLP.

    `full_layers` of its `layers` attend to everything, the others to the last `window` tokens.
    """

    layers: int
    full_layers: int
    heads: int
    kv_heads: int
    head_size: int
    hidden: int
    intermediate: int
    vocabulary: int
    context: int  # tokens
    window: int | None = None  # tokens; None: every layer attends to everything
    tied: bool = False  # the output layer is the embedding

    @property
    def sliding_layers(self) -> int:
        return self.layers - self.full_layers

    @property
    def linear_parameters(self) -> int:
        """Those of attention and MLP, which quantization makes smaller."""
        attention = self.hidden * self.head_size * 2 * (self.heads + self.kv_heads)
        return self.layers * (attention + 3 * self.hidden * self.intermediate)

    @property
    def other_parameters(self) -> int:
        """Embedding, output layer and norms."""
        tables = 1 if self.tied else 2
        return self.vocabulary * self.hidden * tables + (2 * self.layers + 1) * self.hidden

    @property
    def parameters(self) -> int:
        return self.linear_parameters + self.other_parameters

    def degrees(self, most: int) -> Iterator[int]:
        """The tensor-parallel degrees up to `most`: each GPU has whole heads, or a copy of one."""
        for degree in range(1, most + 1):
            shared = self.kv_heads % degree == 0 or degree % self.kv_heads == 0
            if self.heads % degree == 0 and shared and self.intermediate % degree == 0:
                yield degree


def weight_bytes(geometry: Geometry, dtype: str, quantization: Quantization) -> int:
    """Bytes of all weights. Raises KeyError for a dtype that is not in DTYPE_BYTES."""
    width = DTYPE_BYTES[dtype]
    if quantization is Quantization.NONE:
        return geometry.parameters * width
    linear = geometry.linear_parameters * LINEAR_BITS[quantization] / 8
    return ceil(linear) + geometry.other_parameters * width


@dataclass(frozen=True, slots=True)
class Cache:
    """The keys and values of one replica, on each of its GPUs."""

    geometry: Geometry
    element_bytes: int = 2
    tensor_parallel: int = 1
    block_tokens: int = BLOCK_TOKENS

    @property
    def layer_token_bytes(self) -> int:
        """Keys and values of one token in one layer, on one GPU."""
        heads = max(1, self.geometry.kv_heads // self.tensor_parallel)
        return 2 * heads * self.geometry.head_size * self.element_bytes

    @property
    def group_layers(self) -> int:
        """Layers that share a block. vLLM takes the rarer kind's number, unless both are near."""
        kinds = [n for n in (self.geometry.full_layers, self.geometry.sliding_layers) if n]
        return max(kinds) if max(kinds) < 1.5 * min(kinds) else min(kinds)

    @property
    def full_groups(self) -> int:
        return ceil(self.geometry.full_layers / self.group_layers)

    @property
    def sliding_groups(self) -> int:
        return ceil(self.geometry.sliding_layers / self.group_layers)

    @property
    def block_bytes(self) -> int:
        """A block's bytes on each GPU."""
        return self.group_layers * self.layer_token_bytes * self.block_tokens

    def window_blocks(self, tokens: int, in_flight: int) -> int:
        """Blocks of a sliding layer: its window and the tokens that are being computed.

        One block more, as windows begin inside blocks.
        """
        window = self.geometry.window or 0
        return ceil(min(window - 1 + in_flight, tokens) / self.block_tokens) + 1

    def blocks(self, tokens: int, in_flight: int = 1) -> int:
        """Blocks that a request of `tokens` holds while `in_flight` of them are being computed."""
        whole = ceil(tokens / self.block_tokens)
        sliding = min(whole, self.window_blocks(tokens, in_flight))
        return whole * self.full_groups + sliding * self.sliding_groups

    def admitted_blocks(self, tokens: int, in_flight: int) -> int:
        """Blocks that vLLM wants free before it admits a request that may grow to `tokens`."""
        whole = ceil(tokens / self.block_tokens)
        return (
            whole * self.full_groups + self.window_blocks(tokens, in_flight) * self.sliding_groups
        )

    def kept_blocks(self, tokens: int) -> int:
        """Blocks of a trace whose whole past can be gone back to without computing it again."""
        return ceil(tokens / self.block_tokens) * (self.full_groups + self.sliding_groups)

    def held_bytes(self, tokens: int) -> int:
        """On each GPU, for a request of `tokens`."""
        return self.blocks(tokens) * self.block_bytes

    def kept_bytes(self, tokens: int) -> int:
        """On each GPU, for a trace of `tokens` kept with its whole past."""
        return self.kept_blocks(tokens) * self.block_bytes

    def growth_bytes(self, tokens: int) -> int:
        """What one token more costs on each GPU after `tokens`."""
        window = self.geometry.window
        full = window is None or tokens < window
        layers = self.geometry.layers if full else self.geometry.full_layers
        return layers * self.layer_token_bytes


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be served: a model's weights, and so many traces at a time, each so long."""

    geometry: Geometry
    weights: int  # bytes, of all GPUs of a replica together
    sessions: int
    context: int  # tokens of a trace
    element_bytes: int = 2  # of a key or a value
    block_tokens: int = BLOCK_TOKENS
    batch_tokens: int = BATCH_TOKENS


@dataclass(frozen=True, slots=True)
class Gpus:
    """Equal GPUs; `memory` is each one's, in bytes."""

    count: int
    memory: int
    name: str = "GPU"
    utilization: float = UTILIZATION

    @property
    def budget(self) -> int:
        """Bytes that vLLM may use of each."""
        return int(self.memory * self.utilization)


@dataclass(frozen=True, slots=True)
class Fit:
    """One layout of a demand on GPUs. Bytes are those of one GPU."""

    demand: Demand
    gpus: Gpus
    tensor_parallel: int
    cache: Cache = field(init=False)

    def __post_init__(self) -> None:
        demand = self.demand
        cache = Cache(
            demand.geometry, demand.element_bytes, self.tensor_parallel, demand.block_tokens
        )
        object.__setattr__(self, "cache", cache)

    @property
    def replicas(self) -> int:
        return self.gpus.count // self.tensor_parallel

    @property
    def weights(self) -> int:
        return ceil(self.demand.weights / self.tensor_parallel)

    @property
    def workspace(self) -> int:
        """Activations of the largest batch, logits, and what the runtime takes. An allowance."""
        shape = self.demand.geometry
        wide = 2 * shape.intermediate // self.tensor_parallel + 4 * shape.hidden
        logits = 2 * sequences(self.demand.sessions) * shape.vocabulary * 4
        return self.demand.batch_tokens * wide * 2 + logits + RUNTIME_BYTES

    @property
    def room(self) -> int:
        """What is left for keys and values; negative when the weights do not fit."""
        return self.gpus.budget - self.weights - self.workspace

    @property
    def blocks(self) -> int:
        return max(0, self.room // self.cache.block_bytes)

    @property
    def prefill_blocks(self) -> int:
        """What a new prompt needs beyond its own window while it is being read."""
        context = self.demand.context
        in_flight = BATCHES_IN_FLIGHT * self.demand.batch_tokens
        return self.cache.admitted_blocks(context, in_flight) - self.cache.blocks(context)

    @property
    def session_blocks(self) -> int:
        return self.cache.blocks(self.demand.context)

    @property
    def sessions(self) -> int:
        """Traces of the demanded length at a time, on all replicas together."""
        each = max(0, self.blocks - self.prefill_blocks) // self.session_blocks
        return each * self.replicas

    @property
    def kept_tokens(self) -> int:
        """Tokens of traces that a replica keeps with their whole past."""
        groups = self.cache.full_groups + self.cache.sliding_groups
        return self.blocks // groups * self.cache.block_tokens

    @property
    def enough(self) -> bool:
        return self.sessions >= self.demand.sessions

    @property
    def needed(self) -> int:
        """Bytes that each GPU would have to offer for the demanded sessions."""
        each = ceil(self.demand.sessions / max(1, self.replicas))
        blocks = each * self.session_blocks + self.prefill_blocks
        return self.weights + self.workspace + blocks * self.cache.block_bytes

    @property
    def missing(self) -> int:
        return max(0, self.needed - self.gpus.budget)


def sequences(sessions: int) -> int:
    """Requests at a time: each session's step, and what is predicted ahead of it."""
    return min(256, max(16, 2 * sessions))


def layouts(demand: Demand, gpus: Gpus) -> list[Fit]:
    """Every way to lay the demand out, the fewest GPUs a replica first."""
    return [Fit(demand, gpus, degree) for degree in demand.geometry.degrees(gpus.count)]


def choose(fits: Sequence[Fit]) -> Fit | None:
    """The layout to take among those that hold all sessions; None: none does.

    The fewest GPUs a replica, so that little is lost on talking to each other; but weights that
    fill more than half of the memory leave little of the past cached, and more GPUs are better.
    """
    enough = [fit for fit in fits if fit.enough]
    roomy = [fit for fit in enough if 2 * fit.weights <= fit.gpus.budget]
    return next(iter(roomy or enough), None)


@dataclass(frozen=True, slots=True)
class StepCost:
    """What one step asks of the hardware, on all GPUs of a replica together."""

    prompt_tokens: int  # computed, not taken from the cache
    generated_tokens: int
    operations: int  # multiplications and additions
    read_bytes: int  # of weights, keys and values, over all passes


def step_cost(
    demand: Demand, trace: int, *, new: int, generated: int, cached: bool = True
) -> StepCost:
    """The cost of a step at the end of a trace of `trace` tokens.

    `new` tokens of the prompt came since the last request (forced text, an edit); with `cached`
    the rest is found in the prefix cache up to its last whole block. The prompt is read in passes
    of a batch each, a generated token in one of its own (speculation makes them fewer).
    """
    shape = demand.geometry
    cache = Cache(shape, demand.element_bytes, 1, demand.block_tokens)
    known = trace - trace % demand.block_tokens if cached else 0
    prompt = trace - known + new
    passes = ceil(prompt / demand.batch_tokens) + generated
    end = trace + new + generated
    per_token = 2 * (shape.linear_parameters + shape.vocabulary * shape.hidden)
    operations = per_token * (prompt + generated)
    operations += sum(
        attention_operations(shape, first, last)
        for first, last in ((known, trace + new), (trace + new, end))
    )
    read = passes * demand.weights + read_kv_bytes(cache, trace + new) * passes
    return StepCost(prompt, generated, operations, read)


def attention_operations(shape: Geometry, first: int, last: int) -> int:
    """Of queries at positions first..last-1 against all keys that their layers let them see."""
    per_key = 4 * shape.heads * shape.head_size
    full = (last * (last + 1) - first * (first + 1)) // 2
    if shape.window is None:
        return per_key * shape.layers * full
    edge = min(max(first, shape.window), last)
    sliding = (edge * (edge + 1) - first * (first + 1)) // 2 if edge > first else 0
    sliding += (last - max(edge, first)) * shape.window
    return per_key * (shape.full_layers * full + shape.sliding_layers * sliding)


def read_kv_bytes(cache: Cache, tokens: int) -> int:
    """Keys and values that one pass reads for a sequence of `tokens`."""
    shape = cache.geometry
    window = tokens if shape.window is None else min(tokens, shape.window)
    seen = shape.full_layers * tokens + shape.sliding_layers * window
    return seen * cache.layer_token_bytes
