"""The tracer's records as frames of observed values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foreframe_protocol.states import Event, Frame, Part, Provenance, Value


def frame_of(record: Mapping[str, Any], source: str) -> Frame:
    """One frame; `source` is the text of its line."""
    cut = frozenset(record["cut"])
    shown = value = upcoming = None
    if "locals" in record:
        texts = record["locals"].items()
        shown = {name: Value(text, Provenance.OBSERVED, cut=name in cut) for name, text in texts}
    else:
        value = Value(record["value"], Provenance.OBSERVED, cut="" in cut)
    if record.get("upcoming") is not None:
        text, more = record["upcoming"]
        upcoming = Value(text, Provenance.OBSERVED, cut=more)
    return Frame(
        Event(record["event"]),
        record["function"],
        record["scope_line"],
        record["line"],
        source,
        shown,
        value,
        record["depth"],
        parts=tuple(
            Part(index, Value(text, Provenance.OBSERVED, cut=more))
            for index, text, more in record.get("parts", ())
        ),
        upcoming=upcoming,
    )
