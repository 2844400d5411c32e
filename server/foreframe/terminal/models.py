"""`foreframe models list` and `show`: cards as tables, or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from foreframe.errors import CheckpointUnusable, NoSuchModel
from foreframe.terminal.sessions import print_json, print_table
from foreframe.terminal.table import QUIET, console_for, printable
from foreframe_models import catalog
from foreframe_models.capacity import (
    FRAME_TOKENS,
    GIB,
    UTILIZATION,
    Cache,
    Demand,
    Fit,
    Gpus,
    choose,
    layouts,
)
from foreframe_models.catalog import Card
from foreframe_models.serving import gib

SIZES_GIB = (24, 48, 80, 141)
COUNTS = (1, 2, 4, 8)
CONTEXT = 32_768  # tokens of a trace that sessions are counted for


def card_of(name: str) -> Card:
    """The card of a name or a folder. Raises NoSuchModel or CheckpointUnusable."""
    try:
        return catalog.find(name)
    except catalog.UnknownModel as error:
        raise NoSuchModel(str(error)) from error
    except catalog.BadCheckpoint as error:
        raise CheckpointUnusable(str(error)) from error


def show_list(*, as_json: bool) -> None:
    """Prints the cards that ship."""
    cards = list(catalog.cards().values())
    if as_json:
        print_json([facts(card) for card in cards])
        return
    print_table(
        "models",
        ("name", "what", "parameters", "weights", "context", "from"),
        (row_of(card) for card in cards),
        numbers=(2, 3, 4),
    )


def row_of(card: Card) -> Sequence[str]:
    where = "ships with Foreframe" if card.embedded else card.repository or "your own (--path)"
    return (
        card.name, card.title, parameters(card), weights(card), f"{card.geometry.context:,}", where,
    )  # fmt: skip


def parameters(card: Card) -> str:
    """How many, for a person."""
    count = card.geometry.parameters
    return f"{count / 1e9:.1f} B" if count >= 1e9 else f"{count / 1e6:.1f} M"


def weights(card: Card) -> str:
    """How large, for a person."""
    small = card.weights < GIB // 10
    return f"{card.weights / (1 << 20):.1f} MiB" if small else gib(card.weights)


def facts(card: Card) -> dict[str, Any]:
    """A card as plain data, with what the arithmetic adds."""
    told = asdict(card)
    told["folder"] = None if card.folder is None else str(card.folder)
    cache = Cache(card.geometry)
    return told | {
        "parameters": card.geometry.parameters,
        "weight_bytes": card.weights,
        "embedded": card.embedded,
        "kv_bytes_per_token": cache.growth_bytes(0),
        "kv_bytes_per_token_beyond_window": cache.growth_bytes(card.geometry.context),
    }


def show_card(name: str, frame_tokens: int | None, *, as_json: bool) -> None:
    """Prints one model. Raises NoSuchModel or CheckpointUnusable."""
    card, tokens = card_of(name), frame_tokens or FRAME_TOKENS
    context = min(CONTEXT, card.geometry.context)
    found = [
        (count, size, fitted(card, count, size, context)) for size in SIZES_GIB for count in COUNTS
    ]
    if as_json:
        held = [
            {
                "gpus": count,
                "gib": size,
                "sessions": 0 if fit is None else fit.sessions,
                "tensor_parallel": None if fit is None else fit.tensor_parallel,
                "replicas": None if fit is None else fit.replicas,
            }
            for count, size, fit in found
        ]
        frame = {"tokens": tokens, "kv_bytes": frame_bytes(card, tokens)}
        print_json(facts(card) | {"frame": frame, "context": context, "capacity": held})
        return
    print_pairs(card.title, told_facts(card, tokens))
    for heading, entries in (
        ("good at", card.good_at),
        ("bad at", card.bad_at),
        ("notes", card.notes),
    ):
        if entries:
            print_pairs(heading, [("", entry) for entry in entries])
    if card.embedded:
        return
    print_table(
        f"sessions of {context:,} tokens ({context // tokens:,} frames), by GPUs and their memory",
        ("", *(f"{size} GiB" for size in SIZES_GIB)),
        (
            (
                f"{count} GPU{'s' * (count > 1)}",
                *(sessions_of(f) for n, _, f in found if n == count),
            )
            for count in COUNTS
        ),
        numbers=range(1, 5),
    )
    print("in brackets: GPUs a replica x replicas; on how much: foreframe models serve --gpus 2x80")


def told_facts(card: Card, tokens: int) -> list[tuple[str, str]]:
    """What a person reads of a card."""
    shape, cache = card.geometry, Cache(card.geometry)
    attention = f"{shape.layers} layers, all see everything"
    if shape.window is not None:
        attention = (
            f"{shape.layers} layers: {shape.full_layers} see everything, {shape.sliding_layers} "
            f"the last {shape.window:,} tokens"
        )
    beyond = cache.growth_bytes(shape.context)
    per_token = f"{cache.growth_bytes(0) / 1024:,.0f} KiB a token"
    if shape.window is not None:
        per_token += f", {beyond / 1024:,.0f} KiB beyond {shape.window:,}"
    heads = f"{shape.heads} heads, {shape.kv_heads} KV heads of {shape.head_size}"
    frame = f"{frame_bytes(card, tokens) / (1 << 20):,.2f} MiB a frame of {tokens} tokens"
    return [
        ("from", card.source or "no known build: name yours with --path"),
        ("dialect", card.dialect),
        ("parameters", f"{shape.parameters:,}"),
        ("weights", f"{weights(card)} ({card.dtype}, quantization: {card.quantization})"),
        ("attention", f"{attention}; {heads}"),
        ("context", f"{shape.context:,} tokens"),
        ("keys and values", f"{per_token}; {frame}"),
        ("licence", card.licence),
    ]  # fmt: skip


def frame_bytes(card: Card, tokens: int) -> int:
    """Keys and values of one frame, within the window."""
    return Cache(card.geometry).growth_bytes(0) * tokens


def fitted(card: Card, count: int, size: float, context: int) -> Fit | None:
    """The layout on so many GPUs of so many GiB; None: it does not fit."""
    demand = Demand(card.geometry, card.weights, 1, context)
    return choose(layouts(demand, Gpus(count, int(size * GIB), utilization=UTILIZATION)))


def sessions_of(fit: Fit | None) -> str:
    if fit is None:
        return "-"
    return f"{fit.sessions} ({fit.tensor_parallel}x{fit.replicas})"


def print_pairs(title: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Prints names and texts in two columns, folded to the terminal."""
    console = console_for(sys.stdout)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style=QUIET)
    table.add_column(overflow="fold")
    for name, text in pairs:
        table.add_row(Text(name), Text(printable(text)))
    console.print(Text(printable(title), style="bold"))
    with console.capture() as drawn:
        console.print(table)
    for line in drawn.get().splitlines():
        print(line.rstrip(" "))
