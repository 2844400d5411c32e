"""The guard around an application that answers anything: who is let in, and how much is taken."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreframe.errors import TokenNeeded, TokenUnreadable
from foreframe.tokens import is_right, read_token
from foreframe.web.guard import Guard
from foreframe.web.settings import ServeSettings

TOKEN = "correct-horse-battery-staple"
OWN = ("host", "127.0.0.1:8642")
BEARER = ("authorization", f"Bearer {TOKEN}")
API = "/api/v1/sessions"
Pairs = list[tuple[str, str]]


@dataclass
class Answer:
    """What the guard and the application behind it sent."""

    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        (start,) = [e for e in self.events if e["type"].endswith("response.start")]
        return start["status"]

    @property
    def headers(self) -> dict[str, str]:
        (start,) = [e for e in self.events if e["type"].endswith("response.start")]
        return {name.decode(): value.decode() for name, value in start["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(e.get("body", b"") for e in self.events if e["type"].endswith(".body"))

    @property
    def code(self) -> int:
        assert self.headers["content-type"] == "application/problem+json"
        told = json.loads(self.body)
        assert told["status"] == self.status
        assert told["detail"]
        return told["code"]


def scope_of(
    kind: str, method: str, path: str, headers: Pairs, subprotocols: list[str]
) -> dict[str, Any]:
    scope: dict[str, Any] = {
        "type": kind,
        "path": path,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "server": ("127.0.0.1", 8642),
        "extensions": {"websocket.http.response": {}},
    }
    return scope | ({"method": method} if kind == "http" else {"subprotocols": subprotocols})


async def ask(
    guard: Guard,
    method: str = "GET",
    path: str = API,
    headers: Pairs | None = None,
    body: tuple[bytes, ...] = (b"",),
    *,
    stalls: bool = False,
) -> Answer:
    """One request; `stalls`: the end of its body never comes."""
    answer = Answer()
    parts = list(body)

    async def receive() -> dict[str, Any]:
        if parts:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts) or stalls}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(event: Any) -> None:
        answer.events.append(event)

    await guard(scope_of("http", method, path, headers or [OWN], []), receive, send)
    return answer


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Reads the whole body, as FastAPI does, and gives it back."""
    assert scope["type"] == "http"
    body, more = b"", True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise RuntimeError("the client has gone")
        body += event["body"]
        more = event["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def guarded(app: Callable[..., Any] = echo, **options: Any) -> Guard:
    return Guard(app, ServeSettings(**options))


# Addresses and tokens


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org"])
def test_an_address_that_others_reach_is_not_served_without_a_token(host: str):
    with pytest.raises(TokenNeeded, match="--token-file"):
        guarded(host=host)
    guarded(host=host, token=TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_needs_no_token(host: str):
    guarded(host=host)


async def test_with_a_token_only_those_who_know_it_are_let_in():
    guard = guarded(token=TOKEN)
    for wrong in ([OWN], [OWN, ("authorization", "Bearer wrong")], [OWN, ("authorization", TOKEN)]):
        answer = await ask(guard, headers=wrong)
        assert (answer.status, answer.code) == (401, 2631)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in answer.body.decode()
    assert (await ask(guard, headers=[OWN, BEARER])).status == 200


@pytest.mark.parametrize("path", ["/metrics", "/openapi.json", "/docs", "//", "/static/../app.py"])
async def test_whatever_is_not_a_file_of_the_page_needs_the_token(path: str):
    assert (await ask(guarded(token=TOKEN), path=path)).status == 401


async def test_the_page_that_asks_for_the_token_comes_without_one(tmp_path: Path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "page.js").write_text("")
    guard = Guard(echo, ServeSettings(token=TOKEN), page=tmp_path)
    assert (await ask(guard, path="/")).status == 200
    assert (await ask(guard, path="/scripts/page.js")).status == 200
    assert (await ask(guard, "HEAD", "/static/scripts/page.js")).status == 200
    assert (await ask(guard, "POST", "/scripts/page.js")).status == 401
    assert (await ask(guard, path="/scripts/other.js")).status == 401


async def test_the_application_never_sees_the_token():
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(repr(scope))
        await echo(scope, receive, send)

    await ask(guarded(app, token=TOKEN), headers=[OWN, BEARER])
    assert len(seen) == 1
    assert TOKEN not in seen[0]


def test_a_token_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("FOREFRAME_TOKEN", raising=False)
    assert read_token(None) is None
    monkeypatch.setenv("FOREFRAME_TOKEN", TOKEN)
    assert read_token(None) == TOKEN
    file = tmp_path / "token"
    file.write_text(TOKEN[::-1] + "\n")
    file.chmod(0o644)
    assert read_token(file) == TOKEN[::-1]
    assert "can be read by others" in capsys.readouterr().err
    for bad in ("short", "with spaces in between it", "ä" * 20, ""):
        file.write_text(bad, encoding="utf-8")
        with pytest.raises(TokenUnreadable):
            read_token(file)
    with pytest.raises(TokenUnreadable, match="No such file"):
        read_token(tmp_path / "none")


@given(st.text(max_size=40))
def test_only_the_token_itself_is_right(given: str):
    assert is_right(given, TOKEN) is (given == TOKEN)


# Names and pages


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.",
        "",
        "10.0.0.1",
        "[::2]",
        "a@127.0.0.1",
    ],
)
async def test_a_name_that_was_made_to_point_here_is_refused(host: str):
    answer = await ask(guarded(), headers=[("host", host)])
    assert (answer.status, answer.code) == (421, 2632)


@pytest.mark.parametrize("headers", [[], [OWN, OWN], [OWN, ("host", "evil.example")]])
async def test_a_request_has_one_host(headers: Pairs):
    answer = await ask(guarded(), headers=headers or [("accept", "*/*")])
    assert answer.code == 2632


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:8642", "debug.example:99"]
)
async def test_own_names_are_known_with_any_port(host: str):
    guard = guarded(hosts=("debug.example:443",))
    assert (await ask(guard, headers=[("host", host)])).status == 200


async def test_behind_all_addresses_the_one_that_was_reached_is_known():
    guard = guarded(host="0.0.0.0", token=TOKEN)
    assert (await ask(guard, headers=[OWN, BEARER])).status == 200
    answer = await ask(guard, headers=[("host", "10.1.2.3"), BEARER])
    assert answer.status == 421


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:9", "file://", "x", ""]
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "GET", "OPTIONS"])
async def test_pages_of_others_are_refused(origin: str, method: str):
    answer = await ask(guarded(), method, headers=[OWN, ("origin", origin)])
    assert (answer.status, answer.code) == (403, 2633)


async def test_the_servers_own_page_may_ask_and_what_is_no_page():
    origin = ("origin", "http://127.0.0.1:8642")
    assert (await ask(guarded(), "POST", headers=[OWN, origin])).status == 200
    assert (await ask(guarded(), "POST")).status == 200
    assert (await ask(guarded(), "POST", headers=[OWN, origin, origin])).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_may_not_even_read(site: str):
    headers = [OWN, ("sec-fetch-site", site)]
    assert (await ask(guarded(), headers=headers)).code == 2633
    assert (await ask(guarded(), path="/", headers=headers)).status == 200  # a link to the page


async def test_a_page_that_was_named_at_start_may_ask_and_is_told_so():
    guard = guarded(origins=("https://tools.example/",), token=TOKEN)
    origin = ("origin", "https://tools.example")
    asks = ("access-control-request-method", "POST")
    preflight = await ask(guard, "OPTIONS", headers=[OWN, origin, asks])
    assert preflight.status == 204
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    answer = await ask(guard, "POST", headers=[OWN, origin, BEARER])
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == origin[1]
    assert (await ask(guard, "POST", headers=[OWN, origin])).status == 401
    evil = await ask(guard, "OPTIONS", headers=[OWN, ("origin", "https://evil.example"), asks])
    assert evil.status == 403
    assert "access-control-allow-origin" not in evil.headers


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


# WebSockets


async def talk(
    guard: Guard, headers: Pairs, subprotocols: list[str], *messages: dict[str, Any]
) -> Answer:
    answer = Answer()

    async def events() -> AsyncIterator[dict[str, Any]]:
        yield {"type": "websocket.connect"}
        for message in messages:
            yield {"type": "websocket.receive", **message}
        yield {"type": "websocket.disconnect", "code": 1000}

    source = events()

    async def send(event: Any) -> None:
        answer.events.append(event)

    scope = scope_of("websocket", "GET", f"{API}/1/socket", headers, subprotocols)
    await guard(scope, source.__anext__, send)
    return answer


async def echo_socket(scope: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"]})


def offered(token: str) -> list[str]:
    coded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
    return ["foreframe.v1", f"foreframe.token.{coded}"]


async def test_a_pages_socket_tells_the_token_among_its_subprotocols_and_never_hears_it():
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await echo_socket(scope, receive, send)

    guard = guarded(app, token=TOKEN)
    told = await talk(guard, [OWN], offered(TOKEN), {"text": "hello"})
    assert told.events == [
        {"type": "websocket.accept", "subprotocol": "foreframe.v1"},
        {"type": "websocket.send", "text": "hello"},
    ]
    assert seen[0]["subprotocols"] == ["foreframe.v1"]
    assert guard.streams == 0
    told = await talk(guard, [OWN, BEARER], [], {"text": "hello"})
    assert told.events[0] == {"type": "websocket.accept"}


@pytest.mark.parametrize("subprotocols", [[], offered("wrong"), ["foreframe.token.%%%"]])
async def test_a_socket_without_the_token_is_refused_in_the_handshake(subprotocols: list[str]):
    answer = await talk(guarded(echo_socket, token=TOKEN), [OWN], subprotocols)
    assert (answer.status, answer.code) == (401, 2631)


async def test_a_socket_of_another_page_is_refused_even_where_no_token_is_needed():
    guard = guarded(echo_socket)
    for headers in ([OWN, ("origin", "https://evil.example")], [("host", "evil.example")]):
        assert (await talk(guard, headers, [])).status in (403, 421)
    own = [OWN, ("origin", "http://127.0.0.1:8642")]
    assert (await talk(guard, own, [])).events == [{"type": "websocket.accept"}]


async def test_a_message_too_large_closes_the_socket():
    guard = guarded(echo_socket, most_body=4)
    told = await talk(guard, [OWN], [], {"text": "1234"}, {"text": "ääé"}, {"text": "1"})
    assert [e.get("text") for e in told.events] == [None, "1234", None]
    assert told.events[-1]["code"] == 1009


async def test_there_are_so_many_sockets_and_no_more():
    guard = guarded(echo_socket)
    guard.most_streams = 0
    assert (await talk(guard, [OWN], [])).code == 2638


# Anything at all


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "OPTIONS", "PUT", "X"]),
    st.text(max_size=12).map(lambda text: "/" + text),
    st.lists(
        st.tuples(
            st.sampled_from(
                "host origin authorization content-length sec-fetch-site accept "
                "transfer-encoding access-control-request-method".split()
            ),
            st.sampled_from(["", OWN[1], "evil", BEARER[1], "99999999999", "\xff", "-1", "null"])
            | st.text(st.characters(max_codepoint=255), max_size=8),
        ),
        max_size=5,
    ),
)
def test_no_request_is_let_in_without_a_known_host_and_the_token(
    method: str, path: str, headers: Pairs
):
    headers = headers or [OWN]
    answer = asyncio.run(ask(guarded(token=TOKEN), method, path, headers))
    if 200 <= answer.status < 300:
        hosts = [value for name, value in headers if name == "host"]
        assert hosts == [OWN[1]]
        assert path == "/" or BEARER in headers
    else:
        assert answer.code in range(2630, 2640)
