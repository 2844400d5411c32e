"""Which requests are let in: by their Host, their Origin and the token; told from headers alone."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from foreframe.errors import WrongHost, WrongOrigin, WrongToken
from foreframe.tokens import is_right
from foreframe.web.settings import ServeSettings

Scope = Mapping[str, Any]  # of ASGI

SUBPROTOCOL = "foreframe.v1"
TOKEN_SUBPROTOCOL = "foreframe.token."
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/@\\\s,]+)(?::\d{1,5})?")


def headers_of(scope: Scope, name: bytes) -> list[str]:
    """All values of a header."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def header_of(scope: Scope, name: bytes) -> str | None:
    """The value of a header that must not come twice; None then, and without it."""
    values = headers_of(scope, name)
    return values[0].strip() if len(values) == 1 else None


def check_host(scope: Scope, settings: ServeSettings) -> None:
    """Against a name that was made to point here (DNS rebinding). Raises WrongHost.

    Any port is right: it may be forwarded.
    """
    given = header_of(scope, b"host")
    name = name_of(given or "")
    if name is None or name not in known_hosts(scope, settings):
        raise WrongHost(
            f"this server is not known as {given!r}: use the address that it was started with, or "
            "start it with --host-name for this name"
        )


def name_of(host: str) -> str | None:
    """The name in a Host header without its port, or the address without brackets."""
    match = _HOST.fullmatch(host.lower())
    return match and match[1].strip("[]")


def known_hosts(scope: Scope, settings: ServeSettings) -> set[str]:
    """By which names and addresses a server may be asked, at the address where it was reached."""
    known = {settings.host.lower().strip("[]")}
    known.update(filter(None, map(name_of, settings.hosts)))
    local = (scope.get("server") or ("",))[0]
    try:
        reached = ip_address(local)
        if ip_address(settings.host).is_unspecified:
            known.add(local)
        if reached.is_loopback:
            known |= LOOPBACK
    except ValueError:  # a name, or a test without a socket
        if settings.is_loopback:
            known |= LOOPBACK
    return known


def check_origin(scope: Scope, settings: ServeSettings) -> None:
    """Against pages of other sites. Raises WrongOrigin.

    A browser sends `Origin` with all that could change something and with every WebSocket; what
    sends none is no page. `Sec-Fetch-Site` also tells of other sites that only read.
    """
    origins = headers_of(scope, b"origin")
    if any(allowed_origin(origin, settings) for origin in origins[:1]) and len(origins) == 1:
        return
    changes = scope["type"] == "websocket" or scope["method"] not in SAFE
    own = header_of(scope, b"host") or ""
    for origin in origins:
        scheme, _, rest = origin.strip().lower().partition("://")
        if len(origins) > 1 or scheme not in ("http", "https") or rest != own.lower():
            raise WrongOrigin(
                f"pages of {origin!r} may not talk to this server: start it with --origin for them"
            )
    site = header_of(scope, b"sec-fetch-site")
    if site in ("cross-site", "same-site") and (changes or scope["path"] != "/"):
        raise WrongOrigin("a page of another site may not talk to this server")


def allowed_origin(origin: str, settings: ServeSettings) -> bool:
    """Whether pages of another origin were named at start."""
    return origin.strip().lower() in {known.lower().rstrip("/") for known in settings.origins}


def check_token(scope: Scope, settings: ServeSettings) -> None:
    """Raises WrongToken."""
    if settings.token is None:
        return
    given = tokens_of(scope)
    if not any(is_right(each, settings.token) for each in given):
        raise WrongToken(
            "the token is wrong"
            if given
            else "this server needs a token: send it as `Authorization: Bearer TOKEN`"
        )


def tokens_of(scope: Scope) -> list[str]:
    """The tokens that a request carries; those of a page's WebSocket are among its subprotocols."""
    found = []
    for value in headers_of(scope, b"authorization"):
        kind, _, token = value.strip().partition(" ")
        if kind.lower() == "bearer":
            found.append(token.strip())
    for offered in scope.get("subprotocols", ()):
        if offered.startswith(TOKEN_SUBPROTOCOL):
            coded = offered.removeprefix(TOKEN_SUBPROTOCOL)
            try:
                decoded = base64.b64decode(coded + "=" * (-len(coded) % 4), b"-_", validate=True)
                found.append(decoded.decode())
            except (binascii.Error, ValueError):
                found.append("")
    return found[:8]


def without_token(scope: Scope) -> dict[str, Any]:
    """A request as the application sees it: what it does not know it cannot tell or log."""
    hidden = (b"authorization", b"sec-websocket-protocol")
    shown = {**scope, "headers": [h for h in scope["headers"] if h[0].lower() not in hidden]}
    if "subprotocols" in scope:
        shown["subprotocols"] = own_subprotocols(scope["subprotocols"])
    return shown


def own_subprotocols(offered: Iterable[str]) -> list[str]:
    """Without tokens."""
    return [name for name in offered if not name.startswith(TOKEN_SUBPROTOCOL)]
