"""What goes between the language server and the process that predicts for it: pickled parcels.

Only ever between a process and the child that it has started itself.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from foreframe.examples import Example
from foreframe.filling import Budget
from foreframe_protocol.states import Frame, State, Trace

HEADER = struct.Struct(">Q")  # how many bytes follow


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: candidates for `holes` (indexes); else a `story` told again by the model; else
    the run of the one example."""

    number: int
    path: str
    text: str
    examples: Sequence[Example]
    holes: Sequence[int] | None = None
    budget: Budget | None = None
    story: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ends a request, at the engine too."""

    number: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A part of the answer to a request, or its end, or what went wrong."""

    number: int
    kind: Literal["part", "end", "fault"]
    value: object = None


def pack(parcel: object) -> bytes:
    """A parcel with its length in front."""
    stream = io.BytesIO()
    _Pickler(stream, pickle.HIGHEST_PROTOCOL).dump(parcel)
    body = stream.getvalue()
    return HEADER.pack(len(body)) + body


def unpack(body: bytes) -> Any:
    """The parcel, without its length."""
    return pickle.loads(body)


class _Pickler(pickle.Pickler):
    """Writes a trace as a list of frames: as a chain it would be too deep."""

    def reducer_override(self, value: object) -> Any:
        if isinstance(value, Trace):
            nodes = value.nodes()
            root = nodes[0].parent if nodes else value
            assert root is not None
            return _trace, (root.state, [(node.frame, node.skipped) for node in nodes])
        if isinstance(value, MappingProxyType):
            return dict, (dict(value),)
        return NotImplemented


def _trace(state: State, frames: list[tuple[Frame, bool]]) -> Trace:
    trace = Trace(state)
    for frame, skipped in frames:
        trace = trace.append(frame, skipped=skipped)
    return trace
