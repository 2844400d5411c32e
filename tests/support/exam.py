"""Small programs with known traces, and engines that answer an evaluation of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

from truth import answer, real_frames

from foreframe_models.engines.recorded import Exchange
from foreframe_protocol.states import Frame, State

ADD = "def f(a):\n    b = a + 1\n    return b"  # f(1): two lines, a return
LOOP = (
    "def f(words):\n    found = []\n    for word in words:\n"
    "        if word[:1] == 'a':\n            found.append(word)\n    return found"
)
ROWS = (
    {"code": ADD, "input": "1", "output": "2", "id": "add"},
    {"code": LOOP, "input": "['ab', 'cd']", "output": '["ab"]', "id": "loop"},
)


def write(path: Path, rows: Sequence[object] = ROWS) -> Path:
    """A data file."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def truth(row: dict[str, str]) -> list[Frame]:
    """The real trace of a row."""
    return real_frames(row["code"], "f", row["input"])


def walk_answer(frames: Sequence[Frame]) -> str:
    """What a model writes that walks from the first of `frames` to the last."""
    return answer(frames[1:], State().after(frames[0]))


def step_answers(frames: Sequence[Frame]) -> list[str]:
    """What it writes for each frame, asked with the frames before it."""
    found, state = [], State()
    for before, frame in itertools.pairwise(frames):
        state = state.after(before)
        found.append(answer([frame], state))
    return found


def replies(rows: Sequence[dict[str, str]] = ROWS, *, steps: bool) -> list[Exchange]:
    """The true answers, in the order an evaluation asks for them."""
    found: list[str] = []
    for row in rows:
        frames = truth(row)
        found += [walk_answer(frames), *(step_answers(frames) if steps else [])]
    return [Exchange(text) for text in found]
