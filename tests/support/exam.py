"""Small programs with known traces, and engines that answer an evaluation of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

from truth import answer, real_frames

from foreframe_models.dialects.cwm import opening
from foreframe_models.engines.recorded import Exchange
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Frame, State, Trace
from foreframe_protocol.trace_text import to_text

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


def jump_answer(frames: Sequence[Frame]) -> str:
    """What it writes when asked for the return at once."""
    return answer(frames[-1:], State().after(frames[0]))


def replies(
    rows: Sequence[dict[str, str]] = ROWS, *, steps: bool, jump: bool = False
) -> list[Exchange]:
    """The true answers about each program, in the order an evaluation asks for them."""
    found: list[Exchange] = []
    for row in rows:
        frames = truth(row)
        texts = [walk_answer(frames), *(step_answers(frames) if steps else [])]
        texts += [jump_answer(frames)] if jump else []
        prompt = to_text(opening(Program.parse(row["code"], row["id"]), Trace().append(frames[0])))
        found += [Exchange(text, prompt) for text in texts]
    return found
