"""The client and a real `foreframe serve`, over TCP; the model is a tape."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from serve_tape import SLOWLY
from served import Served, serve_tape
from tape import record, save

from foreframe.client import ApiError, Client, Retries, ServerUnreachable, SyncClient
from foreframe_protocol.api import GoTo, NewSession, PredictRequest, Step, StoppedEvent
from foreframe_protocol.states import Action, End

SOURCE = """\
def total(numbers):
    result = 0
    for number in numbers:
        result += number
    return result
"""
CALL = {"source": SOURCE, "function": "total", "args": "[1, 2, 3]"}
SLOW = {**CALL, "max_frames": SLOWLY}
TOKEN = "a-token-that-nobody-guesses"
PATIENT = Retries(attempts=60, first_wait=0.1, most_wait=1.0)


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "total.tape"
    save(record(SOURCE, "total", "[1, 2, 3]"), path)
    return path


@pytest.fixture(scope="module")
def server(tape: Path) -> Iterator[Served]:
    with serve_tape(tape, FOREFRAME_TOKEN=TOKEN) as server:
        yield server


@pytest.fixture
def client(server: Served) -> Client:
    return Client(server.url, token=TOKEN)


async def test_a_program_is_walked_through_edited_and_asked_about(client: Client) -> None:
    async with client, client.session(**CALL) as session:
        assert session.state.stack[0].line == 2
        stop = await session.step_over()
        assert (stop.state.stack[0].line, stop.changed) == (3, ["result"])
        await session.set_breakpoints([5])
        stop = await session.run()
        assert stop.state.stack[0].locals["result"].text == "6"
        assert (await session.evaluate("result * 2")).text == "12"
        assert (await session.step_back()).state.stack[0].line == 3
        await session.go_to(2)
        stop = await session.set_variable("result", "40")
        assert stop.state.stack[0].locals["result"].provenance == "edited"
        timeline = await session.timeline()
        assert [branch.change for branch in timeline.branches] == [None, "result = 40"]
        assert b"result" in await session.export("cwm")
        assert [view.id for view in (await client.sessions()).sessions] == [session.id]
        await session.delete()
        assert (await client.sessions()).sessions == []


def test_the_blocking_client_walks_too(server: Served) -> None:
    with SyncClient(server.url, token=TOKEN) as client, client.session(**CALL) as session:
        session.run()
        kinds = []
        for event in session.events():
            kinds.append(event.kind)
            if event.sequence == session.view.sequence:
                break
        assert kinds == ["running", "stopped", "running", "stopped"]
        assert session.state.value is not None
        assert session.state.value.text == "6"


async def test_only_who_knows_the_token_is_let_in(server: Served) -> None:
    async with Client(server.url, token="another-token-altogether") as stranger:
        with pytest.raises(ApiError) as error:
            await stranger.health()
    assert error.value.code == 2631
    assert TOKEN not in server.said


async def test_actions_and_events_go_over_one_websocket(client: Client) -> None:
    async with client, client.session(**CALL) as session, session.socket() as socket:
        events = aiter(socket)
        first = await socket.act(Step(action=Action.STEP_OVER))
        assert first.session.id == session.id
        kinds = [(await anext(events)).kind for _ in range(2)]
        assert kinds == ["running", "stopped"]
        with pytest.raises(ApiError) as error:
            await socket.act(GoTo(step=99))
        assert error.value.code == 2105


async def test_a_session_that_is_not_there_has_no_websocket(client: Client) -> None:
    async with client, client.session(**CALL) as session:
        await session.delete()
        with pytest.raises(ApiError, match="no session"):
            async with session.socket():
                raise AssertionError


@pytest.mark.parametrize("is_streamed", [False, True])
async def test_a_cancelled_prediction_stops_the_model(
    server: Served, client: Client, is_streamed: bool
) -> None:
    before, asked_before = server.said.count("cancelled"), server.said.count("predicting")
    asked = PredictRequest.model_validate({**SLOW, "action": "run_to"})
    async with client:
        work = asyncio.create_task(
            client.predict(asked, on_news=(lambda news: None) if is_streamed else None)
        )
        await asyncio.to_thread(server.says, "predicting", asked_before + 1)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await asyncio.to_thread(server.says, "cancelled", before + 1)


async def test_a_cancelled_step_pauses_the_session(client: Client) -> None:
    async with client, client.session(**SLOW, look_ahead_tokens=0) as session:
        begun = asyncio.Event()
        run = asyncio.create_task(session.run(on_event=lambda event: begun.set()))
        await begun.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        view = await session.refresh()
        assert view.status == "stopped"
        assert view.stop is not None
        assert view.stop.reason == "pause"


async def test_a_long_action_is_followed_to_its_stop(client: Client) -> None:
    done: list[int] = []
    async with client, client.session(**SLOW, look_ahead_tokens=0) as session:
        stop = await session.run(
            on_event=lambda e: done.append(e.frames_done) if e.kind == "running" else None
        )
    assert stop.state.value is not None
    assert stop.state.value.text == "6"
    assert done == sorted(done)
    assert done[-1] > 1


async def test_a_stateless_prediction_has_its_frames(client: Client) -> None:
    async with client:
        step = await client.predict(PredictRequest.model_validate({**CALL, "action": "run_to"}))
    assert step.end is End.FINISHED
    assert step.frames[-1].value is not None
    assert step.frames[-1].value.text == "6"


async def test_what_follows_a_killed_server_goes_on_when_it_is_back(tape: Path) -> None:
    """With its session, and all steps."""
    with serve_tape(tape) as server:
        port = server.port
        client = Client(server.url, retries=PATIENT)
        session = await client.create_session(NewSession.model_validate(CALL))
        await session.settle()
        await session.step_over()
        following = session.events(session.view.sequence)
        waiting = asyncio.create_task(anext(following))
        async with session.socket() as socket:
            server.kill()
            with serve_tape(tape, port=port):
                event = await waiting
                assert isinstance(event, StoppedEvent)
                assert event.stop.state.stack[0].line == 3
                assert (await session.step_over()).state.stack[0].line == 4
                assert (await session.timeline()).total == 4
                lines = []
                async for event in socket:
                    if isinstance(event, StoppedEvent):
                        lines.append(event.stop.state.stack[0].line)
                        if lines[-1] == 4:
                            break
                assert lines in ([3, 4], [4])
                await session.delete()
        await following.aclose()
        await client.close()


async def test_nobody_there_is_told_as_that() -> None:
    async with Client("http://127.0.0.1:1", retries=Retries(attempts=1)) as client:
        with pytest.raises(ServerUnreachable, match="foreframe serve"):
            await client.health()
