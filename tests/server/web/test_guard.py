"""The guard around an application that answers anything: how much is taken, what answers carry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from guarded import API, OWN, ask, echo, echo_socket, guarded, scope_of, talk

from foreframe.web.guard import Guard
from foreframe.web.settings import ServeSettings

# How much


async def test_a_body_that_is_announced_too_large_is_refused_unread():
    async def app(*_: Any) -> None:
        raise AssertionError("not to be asked")

    answer = await ask(guarded(app, most_body=10), "POST", headers=[OWN, ("content-length", "11")])
    assert (answer.status, answer.code) == (413, 2634)
    assert answer.headers["connection"] == "close"


async def test_a_body_without_a_length_is_counted_as_it_comes():
    parts = (b"12345",) * 3
    headers = [OWN, ("transfer-encoding", "chunked")]
    answer = await ask(guarded(most_body=14), "POST", headers=headers, body=parts)
    assert (answer.status, answer.code) == (413, 2634)
    answer = await ask(guarded(most_body=15), "POST", headers=headers, body=parts)
    assert (answer.status, answer.body) == (200, b"12345" * 3)


async def test_an_application_that_answers_in_spite_of_a_body_too_large_is_not_heard():
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b"cannot parse"})

    answer = await ask(guarded(app, most_body=3), "POST", body=(b"1234",))
    assert answer.status == 413
    assert b"cannot parse" not in answer.body


async def test_a_body_that_does_not_come_is_not_waited_for():
    guard = guarded(most_seconds=0.05)
    answer = await ask(guard, "POST", body=(b"1",), stalls=True)
    assert (answer.status, answer.code) == (408, 2636)
    assert guard.waiting == 0


async def test_an_answer_that_takes_too_long_is_ended_at_its_source():
    ended = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    guard = guarded(app, most_seconds=0.05)
    answer = await ask(guard)
    assert (answer.status, answer.code) == (504, 2635)
    assert ended == [True]
    assert guard.waiting == 0


async def test_beyond_the_limit_requests_are_told_to_come_back_but_health_is_told():
    go = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if not scope["path"].endswith("/health"):
            await go.wait()
        await echo(scope, receive, send)

    guard = guarded(app, most_waiting=2)
    first = [asyncio.ensure_future(ask(guard)) for _ in range(2)]
    await asyncio.sleep(0)
    busy = await ask(guard)
    assert (busy.status, busy.code, busy.headers["retry-after"]) == (503, 2637, "1")
    assert (await ask(guard, path="/api/v1/health")).status == 200
    go.set()
    assert [a.status for a in await asyncio.gather(*first)] == [200, 200]
    assert (await ask(guard)).status == 200
    assert guard.waiting == 0


def streaming(go: asyncio.Event) -> Callable[..., Any]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        kind = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        await go.wait()
        await send({"type": "http.response.body", "body": b"data: 1\n\n"})

    return app


async def test_a_stream_goes_on_beyond_the_time_of_a_request_and_is_not_waited_for():
    go = asyncio.Event()
    guard = guarded(streaming(go), most_seconds=0.02, most_waiting=1)
    accept = ("accept", "text/event-stream")
    asked = asyncio.ensure_future(ask(guard, headers=[OWN, accept]))
    await asyncio.sleep(0.1)
    assert (guard.waiting, guard.streams) == (0, 1)
    guard.most_streams = 1
    assert (await ask(guard, headers=[OWN, accept])).code == 2638
    go.set()
    answer = await asked
    assert answer.status == 200
    assert answer.body == b"data: 1\n\n"
    assert (guard.waiting, guard.streams) == (0, 0)


async def test_a_client_that_does_not_read_is_left():
    async def app(scope: Any, receive: Any, send: Any) -> None:
        kind = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        while True:
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    guard = Guard(app, ServeSettings(), send_seconds=0.02)
    sent = 0

    async def send(event: Any) -> None:
        nonlocal sent
        sent += 1
        if sent > 3:
            await asyncio.Event().wait()

    await guard(scope_of("http", "GET", API, [OWN], []), asyncio.Event().wait, send)
    assert sent == 4
    assert guard.streams == 0


async def test_a_fault_of_the_applications_is_a_problem_without_its_secrets(
    capsys: pytest.CaptureFixture[str],
):
    async def app(*_: Any) -> None:
        raise ValueError("secret")

    answer = await ask(guarded(app))
    assert (answer.status, answer.code) == (500, 2900)
    assert b"secret" not in answer.body
    assert "secret" in capsys.readouterr().err


async def test_a_message_too_large_closes_the_socket():
    guard = guarded(echo_socket, most_body=4)
    told = await talk(guard, [OWN], [], {"text": "1234"}, {"text": "ääé"}, {"text": "1"})
    assert [e.get("text") for e in told.events] == [None, "1234", None]
    assert told.events[-1]["code"] == 1009


async def test_there_are_so_many_sockets_and_no_more():
    guard = guarded(echo_socket)
    guard.most_streams = 0
    assert (await talk(guard, [OWN], [])).code == 2638


# What answers carry


@pytest.mark.parametrize("path", ["/", API, "/nothing"])
async def test_every_answer_carries_the_policy(path: str):
    for headers in ([OWN], [("host", "evil.example")]):
        answer = await ask(guarded(), path=path, headers=headers)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == ("no-store" if path == API else "no-cache")


async def test_the_application_cannot_weaken_the_policy():
    async def app(scope: Any, receive: Any, send: Any) -> None:
        own = [(b"Content-Security-Policy", b"default-src *"), (b"cache-control", b"max-age=9")]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": b""})

    answer = await ask(guarded(app))
    policies = [
        value
        for event in answer.events[:1]
        for name, value in event["headers"]
        if name.lower() == b"content-security-policy"
    ]
    assert len(policies) == 1
    assert b"*" not in policies[0]
    assert answer.headers["cache-control"] == "max-age=9"
