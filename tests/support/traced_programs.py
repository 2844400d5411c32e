"""The programs of tests/programs, and their real traces: each is run once, in a child process."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from foreframe_models.evaluation.transitions import real_frames
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Frame

FOLDER = Path(__file__).parent.parent / "programs"


def _runs_here(path: Path) -> bool:
    """Whether this Python can compile it: `..._312.py` needs 3.12."""
    return not path.stem.endswith("_312") or sys.version_info >= (3, 12)


NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if _runs_here(path))


@cache
def program(name: str) -> Program:
    """The parsed program."""
    return Program.parse((FOLDER / f"{name}.py").read_text(), f"{name}.py")


@cache
def trace(name: str) -> tuple[Frame, ...]:
    """The frames of running it as a module."""
    return tuple(real_frames(program(name).source))
