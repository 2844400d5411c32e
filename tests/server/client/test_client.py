"""The client over prepared answers: what it sends, what it tries again, and what it says."""

from __future__ import annotations

import asyncio
import inspect
import signal
import threading
from pathlib import Path

import httpx
import pytest
from web_answers import (
    Answers,
    Pieces,
    done,
    ended,
    problem,
    running,
    shown,
    stopped,
    stream,
    told,
)

from foreframe.client import (
    ApiError,
    BadAnswer,
    BadServer,
    Client,
    ServerUnreachable,
    Session,
    SessionOptions,
    SyncClient,
    SyncSession,
)
from foreframe.client.address import find_address
from foreframe.errors import BadArguments, ForeframeError
from foreframe_protocol.api import CompareRequest, FillRequest, NewSession, RunRequest

SOURCE = "def f(n):\n    return n + 1\n"
TOKEN = "a-token-of-some-length"
GONE = httpx.Response(204)


# The address and the token


async def test_the_token_goes_into_a_header_and_never_into_an_address(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    answers = Answers(shown(), GONE)
    async with answers.client(token_file=file) as client, client.session(source=SOURCE):
        pass
    assert [r.headers["authorization"] for r in answers.asked] == [f"Bearer {TOKEN}"] * 2
    assert not any(TOKEN in str(r.url) for r in answers.asked)
    assert TOKEN not in repr(client.connection.address)


async def test_the_environment_gives_the_token_when_nobody_else_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOREFRAME_TOKEN", TOKEN)
    assert find_address().token == TOKEN
    assert find_address(token="another-one-given-here").token == "another-one-given-here"


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8642", "ftp://host", "http://", "http://me:secret@host", "http://host?token=x",
     "http://[::1", "http://host:99999"],
)  # fmt: skip
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(BadServer) as error:
        find_address(url)
    assert error.value.code == 2653


def test_a_token_that_no_header_can_carry_is_refused() -> None:
    with pytest.raises(BadServer):
        find_address(token="two\r\nlines")


# What is tried again


async def test_a_server_that_is_too_busy_is_asked_again_when_it_says_so() -> None:
    answers = Answers(
        problem(503, 2637, retry_after="0"), problem(429, 2607, retry_after="0"), shown(), GONE
    )
    async with answers.client() as client, client.session(source=SOURCE) as session:
        assert session.stop.state.stack[0].line == 2
    keys = {r.headers["idempotency-key"] for r in answers.asked[:3]}
    assert len(keys) == 1


@pytest.mark.parametrize("headers", [{}, {"retry_after": "3600"}, {"retry_after": "soon"}])
async def test_a_refusal_without_a_near_time_to_come_back_is_told_at_once(
    headers: dict[str, str],
) -> None:
    answers = Answers(problem(503, 1001, "the engine is away", **headers))
    async with answers.client() as client:
        with pytest.raises(ApiError, match="the engine is away") as error:
            await client.health()
    assert error.value.code == 1001
    assert isinstance(error.value, ForeframeError)
    assert len(answers.asked) == 1


async def test_a_request_that_never_arrived_is_sent_again_but_not_for_ever() -> None:
    refused = httpx.ConnectError("refused")
    answers = Answers(*[refused] * 4)
    async with answers.client() as client:
        with pytest.raises(ServerUnreachable, match="foreframe serve"):
            await client.compare(CompareRequest(source=SOURCE, function="f", args="1"))
    assert len(answers.asked) == 4


async def test_a_request_that_runs_the_program_is_not_repeated_once_it_was_sent() -> None:
    answers = Answers(httpx.ReadError("lost"))
    async with answers.client() as client:
        with pytest.raises(ServerUnreachable, match="POST /compare"):
            await client.compare(CompareRequest(source=SOURCE, function="f", args="1"))


async def test_a_step_whose_answer_was_lost_is_repeated_under_the_same_key() -> None:
    answers = Answers(shown(), httpx.ReadError("lost"), done(line=5), GONE)
    async with answers.client() as client, client.session(source=SOURCE) as session:
        assert (await session.step_over()).state.stack[0].line == 5
    assert (
        answers.asked[1].headers["idempotency-key"] == answers.asked[2].headers["idempotency-key"]
    )
    assert (
        answers.asked[0].headers["idempotency-key"] != answers.asked[1].headers["idempotency-key"]
    )


async def test_a_session_that_a_repeated_request_finds_gone_was_deleted_by_the_first() -> None:
    answers = Answers(shown(), httpx.ReadError("lost"), problem(404, 2602))
    async with answers.client() as client:
        session = await client.create_session(NewSession(source=SOURCE))
        await session.delete()
    assert answers.paths[-1] == "DELETE /api/v1/sessions/s 1"


async def test_what_is_no_foreframe_server_is_called_that() -> None:
    page = httpx.Response(
        502, content="<h1>Bad gateway</h1>", headers={"content-type": "text/html"}
    )
    answers = Answers(page, httpx.Response(200, content="[1]"))
    async with answers.client() as client:
        with pytest.raises(BadAnswer, match="502"):
            await client.health()
        with pytest.raises(BadAnswer, match="GET /health"):
            await client.health()


# Sessions


async def test_an_action_that_takes_long_is_followed_by_its_events_to_its_stop() -> None:
    heard: list[str] = []
    answers = Answers(
        shown(),
        done("running", 2),
        stream(running(3, 10), running(4, 20), stopped(5, line=7)),
        shown(sequence=5, line=7),
        GONE,
    )
    async with answers.client() as client, client.session(source=SOURCE) as session:
        stop = await session.run(on_event=lambda event: heard.append(event.kind))
    assert stop.state.stack[0].line == 7
    assert heard == ["running", "running", "stopped"]
    assert answers.asked[2].headers["last-event-id"] == "2"
    assert answers.paths[2] == "GET /api/v1/sessions/s 1/events"


async def test_a_new_session_is_waited_for_until_its_first_stop() -> None:
    answers = Answers(shown("running", 1), stream(stopped(2)), shown(sequence=2, line=3), GONE)
    async with answers.client() as client, client.session(source=SOURCE) as session:
        assert session.state.stack[0].line == 3


async def test_a_cancelled_action_pauses_the_session() -> None:
    is_asked = asyncio.Event()

    def hold(request: httpx.Request) -> httpx.Response:
        is_asked.set()
        return done("running", 2)

    class Held(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]
            await asyncio.Event().wait()
            yield b""

    silent = httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Held())
    answers = Answers(shown(), hold, silent, done(), GONE)
    async with answers.client() as client, client.session(source=SOURCE) as session:
        step = asyncio.create_task(session.run())
        await is_asked.wait()
        await asyncio.sleep(0)
        step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await step
    assert answers.body(-2) == {"kind": "pause"}


async def test_a_session_is_ended_on_the_server_also_when_its_block_fails() -> None:
    answers = Answers(shown(), problem(500, 2900))
    async with answers.client() as client:
        with pytest.raises(KeyError):
            async with client.session(source=SOURCE):
                raise KeyError("mine")
    assert answers.paths[-1].startswith("DELETE")


async def test_events_go_on_after_a_lost_connection_and_come_once_each() -> None:
    lost = httpx.ReadError("lost")
    answers = Answers(
        shown(),
        stream(running(1), stopped(2), then=lost),
        lost,
        stream(stopped(2), stopped(3), "id: 9\nevent: stop"),
        stream(stopped(4), ended(5), stopped(6)),
        GONE,
    )
    async with answers.client() as client, client.session(source=SOURCE) as session:
        numbers = [event.sequence async for event in session.events()]
    assert numbers == [1, 2, 3, 4, 5]
    assert [r.headers.get("last-event-id") for r in answers.asked[1:5]] == ["0", "2", "2", "3"]


async def test_a_server_that_counts_anew_is_followed_from_its_first_event() -> None:
    answers = Answers(shown(), stream(stopped(40)), stream(stopped(2), ended(3)), GONE)
    async with answers.client() as client, client.session(source=SOURCE) as session:
        assert [event.sequence async for event in session.events(39)] == [40, 2, 3]


async def test_events_of_a_server_that_stays_away_end_with_an_error() -> None:
    answers = Answers(shown(), *[stream(then=httpx.ReadError("lost")) for _ in range(5)], GONE)
    async with answers.client() as client, client.session(source=SOURCE) as session:
        with pytest.raises(ServerUnreachable):
            _ = [event async for event in session.events()]


async def test_events_of_a_session_that_is_gone_say_so() -> None:
    answers = Answers(shown(), problem(404, 2602, "there is no session"), GONE)
    async with answers.client() as client, client.session(source=SOURCE) as session:
        with pytest.raises(ApiError, match="no session"):
            _ = [event async for event in session.events()]


async def test_an_event_that_is_none_is_not_passed_over() -> None:
    answers = Answers(shown(), stream(told("odd", {"kind": "odd", "sequence": 1})), GONE)
    async with answers.client() as client, client.session(source=SOURCE) as session:
        with pytest.raises(BadAnswer):
            _ = [event async for event in session.events()]


async def test_keywords_that_make_no_session_are_refused_with_their_names() -> None:
    async with Answers().client() as client:
        with pytest.raises(BadArguments, match="max_frames"):
            async with client.session(source=SOURCE, max_frames=0):
                raise AssertionError
        with pytest.raises(BadArguments, match="`source` or `file`"):
            async with client.session(function="f"):
                raise AssertionError


# Requests that stream

FILL = FillRequest(source="x = ??\n")
FILLED = {"candidates": [], "holes": [[1, 4]]}


async def test_what_is_told_on_the_way_comes_before_the_answer() -> None:
    answers = Answers(stream(told("candidate", {"texts": ["1"]}), told("answer", FILLED)))
    async with answers.client() as client, client.stream(FILL) as filling:
        news = [(n.kind, n.data) async for n in filling]
    assert news == [("candidate", {"texts": ["1"]})]
    assert filling.answer.holes == [(1, 4)]
    assert answers.asked[0].headers["accept"] == "text/event-stream"


async def test_a_stream_that_is_left_is_closed() -> None:
    body = Pieces([told("progress", {"done": n}) for n in range(9)])
    answer = httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=body)
    async with Answers(answer).client() as client, client.stream(FILL) as filling:
        async for _ in filling:
            break
    assert body.is_closed


async def test_news_can_be_told_to_a_callback() -> None:
    heard: list[str] = []
    answer = {"answer": "ends", "text": "It ends."}
    answers = Answers(stream(told("progress", {"frames": 3}), told("answer", answer)))
    async with answers.client() as client:
        asked = RunRequest(source=SOURCE)
        found = await client.halts(asked, on_news=lambda n: heard.append(n.kind))
    assert (found.answer, heard) == ("ends", ["progress"])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (stream(told("problem", {"title": "t", "status": 502, "detail": "", "code": 1})), ApiError),
        (stream(told("progress", {})), BadAnswer),
        (stream(told("progress", {}), then=httpx.ReadError("lost")), ServerUnreachable),
        (stream("event: progress\ndata: {\n\n"), BadAnswer),
        (httpx.Response(200, json=FILLED), BadAnswer),
    ],
)  # fmt: skip
async def test_a_stream_that_ends_without_its_answer_raises(
    answer: httpx.Response, error: type[Exception]
) -> None:
    async with Answers(answer).client() as client:
        with pytest.raises(error):
            await client.fill(FILL, on_news=lambda news: None)


# Both forms


def test_the_blocking_client_does_the_same() -> None:
    answers = Answers(
        shown(), done(line=4), stream(stopped(2), ended(3)), problem(409, 2104, "over"), GONE
    )
    transport = httpx.MockTransport(answers.answer)
    with SyncClient(transport=transport) as client, client.session(source=SOURCE) as session:
        assert session.step_over().state.stack[0].line == 4
        assert session.state.stack[0].line == 4
        assert [event.sequence for event in session.events()] == [2, 3]
        with pytest.raises(ApiError, match="over"):
            session.step_over()
    assert answers.paths[-1].startswith("DELETE")


def test_an_interrupt_of_the_blocking_client_cancels_what_it_waits_for() -> None:
    begun, cancelled = threading.Event(), threading.Event()

    async def silent(request: httpx.Request) -> httpx.Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    def interrupt() -> None:
        begun.wait(30)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    with SyncClient(transport=httpx.MockTransport(silent)) as client:
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            client.health()
        assert cancelled.wait(30)


@pytest.mark.parametrize(
    ("form", "blocking", "besides"),
    [(Client, SyncClient, {"stream", "connection"}), (Session, SyncSession, {"socket"})],
)
def test_the_blocking_form_leaves_nothing_out(
    form: type, blocking: type, besides: set[str]
) -> None:
    def names(kind: type) -> set[str]:
        return {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}

    assert names(form) - besides <= names(blocking)


def test_the_keywords_of_a_session_are_the_fields_of_its_body() -> None:
    assert set(SessionOptions.__annotations__) == set(NewSession.model_fields)
