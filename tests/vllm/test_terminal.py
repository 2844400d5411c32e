"""`foreframe trace` with a real vLLM behind it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Server

pytestmark = pytest.mark.vllm
FOREFRAME = Path(sys.executable).with_name("foreframe")


async def test_a_served_cwm_predicts_a_whole_call(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text("def f(a):\n    b = a + 1\n    return b\n")
    call = ["--function", "f", "--args", "1", "--engine", server.url, "--check", "--json"]
    done = await asyncio.to_thread(
        subprocess.run,
        [FOREFRAME, "trace", file, *call, "--max-frames", "30"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *frames, last = map(json.loads, done.stdout.splitlines())
    assert [frame["line"] for frame in frames[:2]] == [1, 2]
    assert last["summary"]["usage"]["requests"] == 1
    assert last["summary"]["check"]["frames"] >= 4
