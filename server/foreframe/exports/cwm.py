"""A branch of a timeline as CWM's trace text: it reads back to the same frames.

What the text cannot say is left out: confidences, provenance, what other branches hold. A variable
that a person has edited in a scope further up the stack shows when that scope's next frame does.
"""

from __future__ import annotations

from foreframe.timeline import Branch
from foreframe_protocol.states import left_entry
from foreframe_protocol.trace_text import to_text, write_trace


def text(branch: Branch) -> str:
    """The frames of a branch from its beginning to its end, without the source context."""
    trace = branch.tip.trace
    is_over = trace.frame is not None and left_entry(trace.frame)
    return to_text(write_trace(trace.frames(), trace.root().state, end=is_over))
