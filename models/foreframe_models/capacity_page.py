"""The capacity page: the arithmetic as tables, and what was measured beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from foreframe_models import catalog
from foreframe_models.capacity import (
    BATCH_TOKENS,
    FRAME_TOKENS,
    GIB,
    RUNTIME_BYTES,
    UTILIZATION,
    Cache,
    Demand,
    Gpus,
    Quantization,
    choose,
    layouts,
    step_cost,
    weight_bytes,
)
from foreframe_models.catalog import Card

PAGE = Path(__file__).parents[1] / "CAPACITY.md"
MEASURED = Path(__file__).parent / "measured_capacity.json"
MIB = 1 << 20
SIZES_GIB = (24, 48, 80, 141)
COUNTS = (1, 2, 4, 8)
CONTEXTS = (8_192, 32_768, 131_072)
TRACES = (0, 1_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000)  # tokens before a step
NEW, GENERATED = 20, 60  # tokens of a step: fed since the last request, and written


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the first column to the left, numbers to the right."""
    lines = [" | ".join(columns), " | ".join(["---"] + ["---:"] * (len(columns) - 1))]
    lines += [" | ".join(str(cell) for cell in row) for row in rows]
    return "".join(f"| {line} |\n" for line in lines)


def page() -> str:
    """The whole page."""
    cwm, awq, small = (catalog.cards()[name] for name in ("cwm", "cwm-awq", "small"))
    named = [("bfloat16", cwm), ("fp8", cwm.quantized(Quantization.FP8)), ("AWQ, 4 bits", awq)]
    shape, layer = cwm.geometry, Cache(cwm.geometry).layer_token_bytes // 1024
    weights = table(
        ("weights of cwm in", "GiB", "of which linear layers"),
        (weights_row(*one) for one in named),
    )
    frames = table(
        ("", "a token", "a frame", "beyond the window, a token", "a frame"),
        map(kv_row, (cwm, small)),
    )
    traces = table(
        ("trace of cwm", "frames", "held while it runs", "kept with its whole past"),
        map(trace_row, CONTEXTS),
    )
    sessions = "\n".join(sessions_section(name, card) for name, card in named)
    steps = table(
        (
            "tokens before", "GiB read a token", "of the first step", "TFLOP, cached",
            "TFLOP, computed anew",
        ),
        step_rows(cwm),
    )  # fmt: skip
    return f"""# Capacity

What CWM needs of GPUs, by arithmetic over its shape, and how that compares with a real vLLM.
Made by `foreframe models capacity`; a test fails when this page is not what that prints.
`foreframe models serve NAME --gpus 2x80 --sessions N --context N` does the same for one machine.

No GPU was at hand: nothing here was measured with CWM itself.

## Weights

{weights}
{shape.parameters:,} parameters. AWQ is counted as those say who made a build (about 19 GiB); the
arithmetic of 4 bits in groups of 128 gives {awq_counted(awq):.1f}.

## Keys and values

A token costs keys and values in each layer: 2 x {shape.kv_heads} KV heads x {shape.head_size} x 2 \
bytes = {layer} KiB. All {shape.layers} layers of
CWM hold the last {shape.window:,} tokens, and only {shape.full_layers} hold what lies further \
back. A frame is counted as {FRAME_TOKENS}
tokens: a recorded trace with five variables had 30 or more, long values have more.

{frames}
A request holds its window's blocks in the sliding layers, and all blocks in the others. To go back
anywhere without computing it again, all layers must keep the whole past. vLLM does so as long as
there is room (`--prefix-cache-retention-interval`), and drops what was used longest ago.

{traces}
## Sessions

Traces that run at a time, by GPUs and memory, at {UTILIZATION:.0%} of each GPU. Taken off: \
weights, {RUNTIME_BYTES // GIB} GiB for the
runtime and the activations of a batch of {BATCH_TOKENS:,} tokens (an allowance), what a new
prompt needs while it is read. In brackets: GPUs a replica x replicas. `-`: not one.

{sessions}
## The cost of a step as its trace grows

A step that feeds {NEW} tokens and writes {GENERATED} (about two frames), at the end of a trace. \
With its prefix
cached a step reads the weights once a token, and the trace's keys and values: after 128,000 tokens
{growth(cwm):.2f} times what the first step read. Computed anew, as without a prefix cache or at a \
replica that
has not seen the session, the prompt is nearly all of the cost.

{steps}
## Measured

{measured()}"""


def weights_row(name: str, card: Card) -> Sequence[str]:
    table_bytes = card.geometry.other_parameters * 2
    return name, f"{card.weights / GIB:.1f}", f"{(card.weights - table_bytes) / GIB:.1f}"


def awq_counted(card: Card) -> float:
    return weight_bytes(card.geometry, card.dtype, card.quantization) / GIB


def kv_row(card: Card) -> Sequence[str]:
    cache = Cache(card.geometry)
    near, far = cache.growth_bytes(0), cache.growth_bytes(card.geometry.context)
    return (
        card.name, f"{near / 1024:,.0f} KiB", f"{near * FRAME_TOKENS / MIB:,.2f} MiB",
        f"{far / 1024:,.0f} KiB", f"{far * FRAME_TOKENS / MIB:,.2f} MiB",
    )  # fmt: skip


def trace_row(tokens: int) -> Sequence[str]:
    cache = Cache(catalog.cards()["cwm"].geometry)
    return (
        f"{tokens:,} tokens", f"{tokens // FRAME_TOKENS:,}",
        f"{cache.held_bytes(tokens) / GIB:.2f} GiB", f"{cache.kept_bytes(tokens) / GIB:.2f} GiB",
    )  # fmt: skip


def sessions_section(name: str, card: Card) -> str:
    """Sessions of one card, a table for each length of a trace."""
    parts = []
    for context in CONTEXTS:
        columns = (f"{name}, {context:,} tokens", *(f"{size} GiB" for size in SIZES_GIB))
        rows = [
            (
                f"{count} GPU{'s' * (count > 1)}",
                *(cell(card, count, size, context) for size in SIZES_GIB),
            )
            for count in COUNTS
        ]
        parts.append(table(columns, rows))
    return "\n".join(parts)


def cell(card: Card, count: int, size: int, context: int) -> str:
    demand = Demand(card.geometry, card.weights, 1, context)
    fit = choose(layouts(demand, Gpus(count, size * GIB)))
    if fit is None:
        return "-"
    return f"{fit.sessions} ({fit.tensor_parallel}x{fit.replicas})"


def growth(card: Card) -> float:
    """Bytes read at the end of the longest trace, over those of the first step."""
    first, last = (_cost(card, tokens) for tokens in (TRACES[0], TRACES[-1]))
    return last / first


def _cost(card: Card, tokens: int) -> float:
    demand = Demand(card.geometry, card.weights, 1, card.geometry.context)
    cost = step_cost(demand, tokens, new=NEW, generated=GENERATED)
    return cost.read_bytes / (GENERATED + 1)


def step_rows(card: Card) -> Iterable[Sequence[str]]:
    demand = Demand(card.geometry, card.weights, 1, card.geometry.context)
    for tokens in TRACES:
        warm, cold = (
            step_cost(demand, tokens, new=NEW, generated=GENERATED, cached=cached)
            for cached in (True, False)
        )
        read = _cost(card, tokens)
        yield (
            f"{tokens:,}", f"{read / GIB:.2f}", f"x {read / _cost(card, 0):.2f}",
            f"{warm.operations / 1e12:,.1f}", f"{cold.operations / 1e12:,.0f}",
        )  # fmt: skip


def measured() -> str:
    """What a real vLLM said of the tiny model, beside the arithmetic."""
    read: dict[str, Any] = json.loads(MEASURED.read_text(encoding="utf-8"))
    blocks = table(
        ("what", "vLLM", "arithmetic"),
        ((one["what"], f"{one['vllm']:,}", f"{one['arithmetic']:,}") for one in read["blocks"]),
    )
    steps = table(
        ("tokens before", "from the cache", "computed", "seconds", "seconds, computed anew"),
        (
            (f"{one['trace']:,}", f"{one['cached']:,}", f"{one['computed']:,}",
             f"{one['seconds']:.2f}", f"{one['seconds_anew']:.2f}")
            for one in read["steps"]
        ),
    )  # fmt: skip
    return f"""{read["setting"]}
`make test-vllm` checks these numbers again (not the seconds), `FOREFRAME_MEASURED=FILE` keeps them.

{blocks}
A step of {read["new"]} new tokens that writes {read["generated"]}, at the end of a trace:

{steps}"""
