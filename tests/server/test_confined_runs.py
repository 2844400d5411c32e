"""Runs that fill holes: they compute, and reach nothing else."""

import os
import sys
from pathlib import Path

import pytest

from foreframe.reality import Limits, observe
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Event

CONFINED = Limits(seconds=10.0, memory_mb=512, confined=True)


async def outcome(body: str, imports: str = "import os", limits: Limits = CONFINED) -> str:
    """What `f()` of this body gives or raises."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    program = Program.parse(f"{imports}\ndef f():\n{lines}", "/nowhere/p.py")
    run = await observe(program, Entry("f", ""), limits)
    raised = [f for f in run.frames if f.event is Event.EXCEPTION and f.depth == 0]
    last = raised[-1] if raised else run.frames[-1]
    return last.value.text if last.value is not None else "None"


def there(path: str) -> bool:
    return os.path.lexists(path)


@pytest.mark.parametrize(
    ("imports", "body"),
    [
        ("import socket", "socket.create_connection(('127.0.0.1', 9), 1)"),
        ("import socket", "socket.getaddrinfo('localhost', 80)"),
        (
            "import socket",
            "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))",
        ),
        ("import socket", "socket.socket().bind(('127.0.0.1', 0))"),
        ("import subprocess", "subprocess.run(['true'])"),
        ("import _posixsubprocess as p", "p.fork_exec()"),
        ("import os", "os.system('true')"),
        ("import os", "os.fork()"),
        ("import os", "os.execv('/bin/true', ['true'])"),
        ("import os", "os.kill(os.getppid(), 0)"),
        ("import os", "open('/tmp/foreframe-was-here', 'w')"),
        ("import os", "os.open('/tmp/foreframe-was-here', os.O_CREAT | os.O_WRONLY)"),
        ("import os", "os.rename('a', '/tmp/foreframe-was-here')"),
        ("import os", "os.symlink('/etc/passwd', '/tmp/foreframe-was-here')"),
        ("import sqlite3", "sqlite3.connect('/tmp/foreframe-was-here')"),
    ],
)
async def test_what_is_not_computing_is_refused(imports: str, body: str):
    given = await outcome(f"return {body}", imports)
    assert given.startswith("PermissionError: not in a run to fill a hole")
    assert not there("/tmp/foreframe-was-here")


async def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path):
    body = f"os.symlink({str(tmp_path)!r}, 'way')\nopen('way/out', 'w')"
    assert "PermissionError" in await outcome(body)
    assert not (tmp_path / "out").exists()


async def test_a_program_writes_in_a_folder_of_its_own_that_is_gone_afterwards():
    body = "import tempfile\nopen('here', 'w').write('text')\n"
    body += "with tempfile.NamedTemporaryFile('w') as file:\n    file.write('more')\n"
    folder = (await outcome(f"{body}return os.getcwd()")).strip("'")
    assert folder.startswith("/")
    assert folder != str(Path.cwd())
    assert not there(folder)


async def test_what_a_program_reads_and_imports_stays_possible():
    body = f"import decimal\nwith open({os.__file__!r}) as file:\n    return file.readable()"
    assert await outcome(body) == "True"


async def test_secrets_of_the_environment_stay_with_the_parent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FOREFRAME_API_KEY", "secret")
    assert await outcome("return 'FOREFRAME_API_KEY' in os.environ") == "False"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the audit events refuse it")
async def test_c_code_finds_no_way_around():
    given = await outcome("import ctypes\nreturn ctypes.CDLL(None).getpid()")
    assert given.startswith("ImportError: not in a run to fill a hole")


async def test_a_large_file_is_refused():
    body = "with open('big', 'wb') as file:\n    for _ in range(100):\n"
    body += "        file.write(b'x' * (1 << 20))"
    given = await outcome(body)
    assert "File too large" in given


async def test_other_runs_are_not_confined(tmp_path: Path):
    path = tmp_path / "made"
    await outcome(f"open({str(path)!r}, 'w').close()", limits=Limits())
    assert path.exists()
