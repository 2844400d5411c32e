"""The example of a client does what it shows."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from served import serve_tape
from tape import record, save

EXAMPLES = Path(__file__).parents[3] / "examples"


async def test_the_example_steps_edits_and_tells_what_is_returned(tmp_path: Path) -> None:
    tape = tmp_path / "strawberry.tape"
    source = (EXAMPLES / "strawberry.py").read_text(encoding="utf-8")
    save(record(source, "count_letter", "'berry', 'r'"), tape)
    with serve_tape(tape) as server:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, str(EXAMPLES / "ask_a_server.py"), server.url],
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert "character = 'b' (predicted, 87.0% sure)\nwith letter = 'b'" in done.stdout
    assert done.stdout.endswith("2 branches\n")
