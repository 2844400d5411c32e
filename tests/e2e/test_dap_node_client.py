"""VS Code's own test client, in Node: the sessions are in node/session.js."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dap_client import SUPPORT
from tape import marks, record, save

NODE = Path(__file__).parent / "node"
SOURCE = """\
def total(items):
    result = 0
    for item in items:
        result += item  # @add
    # @comment
    print(result)
    return result

total([1, 2, 3])
"""


@pytest.fixture(scope="session")
def modules() -> Path:
    """Where the client is installed, once; the test is skipped where it cannot be had."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs node and npm")
    if not (NODE / "node_modules").is_dir():
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(install, cwd=NODE, capture_output=True, text=True, timeout=600)
        if done.returncode:
            shutil.rmtree(NODE / "node_modules", ignore_errors=True)
            pytest.skip(f"npm cannot install the client: {done.stderr[-300:]}")
    return NODE


def test_vs_codes_test_client_is_content(modules: Path, tmp_path: Path):
    save(record(SOURCE), tmp_path / "program.tape")
    program = tmp_path / "program.py"
    program.write_text(SOURCE)
    adapter = SUPPORT / "tape_adapter.py"
    command = ["node", str(modules / "session.js"), sys.executable, str(adapter)]
    done = subprocess.run(
        [*command, str(program), json.dumps(marks(SOURCE))],
        env={**os.environ, "FOREFRAME_TAPE": str(tmp_path / "program.tape")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 sessions" in done.stdout
