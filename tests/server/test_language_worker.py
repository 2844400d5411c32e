"""The process that predicts for a language server: what it answers, and how it ends."""

import asyncio
import os
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from foreframe.candidates import Basis
from foreframe.examples import Example, Kind
from foreframe.filling import Budget, wanted_for
from foreframe.language.analysis import Analysis
from foreframe.language.parcels import HEADER, pack, unpack
from foreframe.language.remote import RemotePredictor, worker_command
from foreframe_models.engines.base import EngineAborted
from foreframe_models.entry import EntryError
from foreframe_models.retelling import CannotRetell
from foreframe_protocol.states import NO_LOCALS, End, Event, Frame, Trace

SCRIPT = Path(__file__).parent.parent / "support/oracle_worker.py"
MAX = "import math\n# f([3, 9]) -> 9\ndef f(nums):\n    return math.floor(??)\n"
CALL = Example("f", "1", 1, Kind.COMMENT)


async def started(remote: RemotePredictor) -> int:
    """Its process's id, once there is one."""
    for _ in range(2000):
        if remote.pid is not None:
            return remote.pid
        await asyncio.sleep(0.01)
    raise AssertionError("no process was started")


@pytest.fixture
async def remote(request):
    found = RemotePredictor([sys.executable, str(SCRIPT), str(getattr(request, "param", 0.0))])
    yield found
    await found.close()


def test_a_long_trace_goes_through_the_pipe_as_it_is():
    trace = Trace()
    for number in range(3000):
        event = Event.LINE if number else Event.CALL
        trace = trace.append(Frame(event, "f", 1, 1, "x", NO_LOCALS), skipped=number == 7)
    body = pack(trace)[HEADER.size :]
    assert len(body) < 200_000
    read = unpack(body)
    assert list(read.frames()) == list(trace.frames())
    assert [node.skipped for node in read.nodes()].index(True) == 7


async def test_runs_and_candidates_come_from_the_other_process(remote: RemotePredictor):
    analysis = Analysis("/p.py", "def f(n):\n    return n + 1\n")
    run = await remote.run(analysis, CALL)
    assert (run.end, run.outcome) == (End.FINISHED, "2")
    assert remote.known(analysis, CALL) is run
    assert remote.pid not in (None, os.getpid())

    analysis = Analysis("/p.py", MAX)
    wanted = wanted_for(analysis.holes[0], analysis.program, analysis.examples)
    found = await remote.best(analysis, analysis.holes, wanted, Budget(candidates=16))
    assert found.is_all
    best = found.candidates[0]
    assert best.right == 1
    assert best.evidence[0].basis is Basis.MODEL
    assert best.evidence[0].trace is not None


async def test_what_goes_wrong_there_is_raised_here(remote: RemotePredictor):
    analysis = Analysis("/p.py", "def f(n):\n    return n\n")
    with pytest.raises(EntryError, match="no function 'g'"):
        await remote.run(analysis, Example("g", "1", 1, Kind.COMMENT))
    with pytest.raises(CannotRetell, match="no language model"):
        await remote.retell(["f is called with n=1."])


@pytest.mark.parametrize("remote", [30.0], indirect=True)
async def test_a_request_that_is_dropped_ends_there_too(remote: RemotePredictor):
    analysis = Analysis("/p.py", MAX)
    wanted = wanted_for(analysis.holes[0], analysis.program, analysis.examples)
    asked = asyncio.create_task(remote.best(analysis, analysis.holes, wanted, Budget()))

    async def counts() -> tuple[int, int]:
        """Running and cancelled predictions, as the world there counts them."""
        async with aclosing(remote._ask(Analysis("/count.py", "x = 1"), [CALL])) as parts:
            return await anext(parts)

    async def until(is_running: bool) -> None:
        for _ in range(1000):
            if ((await counts())[0] > 0) is is_running:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"running did not become {is_running}")

    await until(True)
    asked.cancel()
    await until(False)
    assert (await counts())[1] >= 1


@pytest.mark.parametrize("remote", [30.0], indirect=True)
async def test_a_process_that_dies_ends_what_was_asked_and_is_started_again(
    remote: RemotePredictor,
):
    analysis = Analysis("/p.py", "def f(n):\n    return n\n")
    asked = asyncio.create_task(remote.run(analysis, CALL))
    first = await started(remote)
    os.kill(first, 9)
    with pytest.raises(EngineAborted, match="started again"):
        await asked
    asked = asyncio.create_task(remote.run(analysis, CALL))
    assert await started(remote) != first
    await remote.close()
    with pytest.raises(EngineAborted):
        await asked


async def test_the_process_ends_when_nobody_is_left_to_ask(remote: RemotePredictor):
    await remote.run(Analysis("/p.py", "def f(n):\n    return n\n"), CALL)
    process = remote._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 20) == 0


async def test_nothing_is_imported_from_the_folder_that_it_is_started_in(
    tmp_path: Path, monkeypatch
):
    (tmp_path / "foreframe").mkdir()
    (tmp_path / "foreframe/__init__.py").write_text("open('mark', 'w').close()")
    monkeypatch.chdir(tmp_path)
    remote = RemotePredictor(worker_command("auto"))
    try:
        with pytest.raises(EntryError):
            await remote.run(Analysis("/p.py", "x = 1\n"), CALL)
    finally:
        await remote.close()
    assert not (tmp_path / "mark").exists()
