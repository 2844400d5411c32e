"""A trace as JSON lines: an object a frame, then the summary."""

from __future__ import annotations

import dataclasses
import json
from typing import TextIO

from foreframe.terminal.story import Ending, Story, Told
from foreframe_models.confidence import of_way
from foreframe_protocol.alignment import ValueCheck
from foreframe_protocol.states import Frame, Value


class Records:
    """Writes a trace as JSON lines."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def frame(self, told: Told) -> None:
        """One object a frame."""
        frame, check = told.frame, told.check
        record: dict[str, object] = {
            "step": told.step,
            **place(frame),
            "scope_line": frame.scope_line,
            "depth": frame.depth,
            "confidence": frame.confidence,
            "locals": locals_of(told),
            "expressions": [
                {"source": one.source, "line": one.scope.line} | value_of(one.value, True, check)
                for one, check in zip(told.evaluated, told.checks, strict=True)
            ],
            "next": None
            if told.upcoming is None
            else {"source": told.upcoming.source} | value_of(told.upcoming.value, True, None),
            "value": None,
            "right": None if check is None else check.right,
            "real": None,
        }
        if frame.value is not None:
            found = check.value if check is not None else None
            record["value"] = value_of(frame.value, True, found)
        if check is not None and check.real is not None and not check.same_place:
            record["real"] = place(check.real)
        self.write(record)

    def end(self, story: Story, ending: Ending) -> None:
        """The summary."""
        found = story.tally(ending.end)
        check: dict[str, object] | None = None
        if found is not None and story.run is not None:
            check = {
                **dataclasses.asdict(found),
                "text": str(found),
                "end": story.run.end,
                "message": story.run.message,
            }
        self.write(
            {
                "summary": {
                    "frames": len(story.told),
                    "end": ending.end,
                    "confidence": of_way(told.frame for told in story.told),
                    "message": ending.message,
                    "engine": ending.engine,
                    "usage": dataclasses.asdict(ending.usage),
                    "check": check,
                }
            }
        )

    def write(self, record: dict[str, object]) -> None:
        """One line, at once: whoever reads a pipe sees each frame as it comes."""
        self.out.write(json.dumps(record) + "\n")
        self.out.flush()


def place(frame: Frame) -> dict[str, object]:
    """Where a frame stands."""
    return {
        "event": frame.event,
        "function": frame.function,
        "line": frame.line,
        "source": frame.source,
    }


def locals_of(told: Told) -> dict[str, object] | None:
    """Name → value, also names that only the real frame has."""
    if told.frame.locals is None:
        return None
    checks = told.check.locals if told.check is not None else {}
    names = dict.fromkeys((*told.frame.locals, *checks))
    return {
        name: value_of(told.frame.locals.get(name), name in told.changed, checks.get(name))
        for name in names
    }


def value_of(value: Value | None, changed: bool, check: ValueCheck | None) -> dict[str, object]:
    """A value with all that is known of it."""
    return {
        "value": None if value is None else value.text,
        "confidence": None if value is None else value.confidence,
        "provenance": None if value is None else value.provenance,
        "cut": value is not None and value.cut,
        "changed": changed,
        "real": None if check is None or check.real is None else check.real.text,
        "verdict": None if check is None else check.verdict,
    }
