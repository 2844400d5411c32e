"""Who is let in: names of the server, pages, tokens, over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from guarded import BEARER, OWN, TOKEN, Pairs, ask, echo, echo_socket, guarded, offered, talk
from hypothesis import given, settings
from hypothesis import strategies as st

from foreframe.errors import TokenNeeded, TokenUnreadable
from foreframe.tokens import is_right, read_token
from foreframe.web.guard import Guard
from foreframe.web.settings import ServeSettings

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


# WebSockets


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
