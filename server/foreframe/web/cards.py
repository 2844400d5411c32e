"""What is known of models: of the one that is served, with what was measured, and of the others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from foreframe_models import catalog
from foreframe_models.engines.base import Engine, ModelInfo
from foreframe_models.evaluation import measured
from foreframe_protocol.api import Measured, ModelView


def model_views(engine: Engine | None, info: ModelInfo | None) -> list[ModelView]:
    """The served model first, if it could be opened, then those that there are cards of."""
    found: list[ModelView] = []
    if info is not None:
        folder = folder_of(engine)
        figures = dict(figures_of(card_in(folder))) if folder is not None else {}
        known = catalog.cards().get(info.name)
        found.append(
            ModelView(
                name=info.name,
                dialect=info.dialect,
                context_tokens=info.context_tokens,
                parameters=int(figures["parameters"]) if "parameters" in figures else None,
                served=True,
                about="" if known is None else known.title,
                figures=figures,
                measured=None if folder is None else measured_in(folder),
                plots=[] if folder is None else plots_in(folder),
            )
        )
    others = (card for name, card in catalog.cards().items() if info is None or name != info.name)
    found += (
        ModelView(
            name=card.name,
            dialect=card.dialect,
            context_tokens=card.geometry.context,
            served=False,
            about=card.title,
            figures=dict(figures_of(card_in(catalog.SHIPPED))) if card.embedded else {},
            measured=measured_in(catalog.SHIPPED) if card.embedded else None,
        )
        for card in others
    )
    return found


def folder_of(engine: Engine | None) -> Path | None:
    """Where the weights of an engine in this process lie, and their card."""
    folder = getattr(getattr(engine, "engine", engine), "folder", None)
    return folder if isinstance(folder, Path) else None


def plots_in(folder: Path) -> list[str]:
    """The images beside a model."""
    return sorted(path.name for path in folder.glob("*.png"))


def measured_in(folder: Path) -> Measured | None:
    """What was measured of a model, for plots."""
    return measured.read(folder / measured.FILE)


def card_in(folder: Path) -> object:
    """The card beside a model, or nothing."""
    try:
        return json.loads((folder / "card.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def figures_of(card: object, prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a card by name; those of a group as `group.name`."""
    if isinstance(card, Mapping):
        for name, value in card.items():
            yield from figures_of(value, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(card, int | float) and not isinstance(card, bool):
        yield prefix, float(card)
