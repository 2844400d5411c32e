"""Neovim with nvim-dap, where both are: FOREFRAME_NVIM_DAP names a checkout of nvim-dap."""

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

NVIM = os.environ.get("FOREFRAME_NVIM") or shutil.which("nvim")
NVIM_DAP = os.environ.get("FOREFRAME_NVIM_DAP")
SOURCE = """\
def total(items):
    result = 0
    for item in items:
        result += item  # @add
    return result

total([1, 2, 3])  # @last
"""


@pytest.mark.skipif(not (NVIM and NVIM_DAP), reason="needs Neovim and FOREFRAME_NVIM_DAP")
def test_neovim_steps_both_ways_and_hovers(tmp_path: Path):
    save(record(SOURCE), tmp_path / "program.tape")
    program = tmp_path / "program.py"
    program.write_text(SOURCE)
    script = Path(__file__).parent / "nvim" / "session.lua"
    command = [str(NVIM), "--headless", "--clean", "-l", str(script), sys.executable]
    command += [str(SUPPORT / "tape_adapter.py"), str(tmp_path / "program.tape")]
    done = subprocess.run(
        [*command, str(program), json.dumps(marks(SOURCE))],
        env={**os.environ, "NVIM_DAP": str(NVIM_DAP), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
