"""The token that others must know to talk to a port, and which ports need one."""

from __future__ import annotations

import hmac
import os
import stat
import sys
from ipaddress import ip_address
from pathlib import Path

from foreframe.errors import TokenNeeded, TokenUnreadable

VARIABLE = "FOREFRAME_TOKEN"
LEAST = 16  # characters: fewer can be guessed


def read_token(file: Path | None) -> str | None:
    """The token in a file, else in the environment; None without one. Raises TokenUnreadable."""
    if file is None:
        given, place = os.environ.get(VARIABLE, ""), VARIABLE
        if not given:
            return None
    else:
        place = str(file)
        try:
            given = file.read_text("ascii")
            if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
                print(f"foreframe: {file} can be read by others: chmod 600 {file}", file=sys.stderr)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise TokenUnreadable(f"no token can be read from {file}: {why}") from error
    token = given.strip()
    if len(token) < LEAST or not token.isascii() or not token.isprintable() or " " in token:
        raise TokenUnreadable(
            f"{place} holds no token: it must have {LEAST} characters or more, printable ASCII "
            'without spaces; python -c "import secrets; print(secrets.token_urlsafe())" makes one'
        )
    return token


def is_right(given: str, token: str) -> bool:
    """Whether somebody knows the token; takes as long for a wrong one."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode())


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(host: str, token: str | None) -> None:
    """Raises TokenNeeded for an address that others can reach, without a token."""
    if token is None and not is_loopback(host):
        raise TokenNeeded(
            f"{host} can be reached from other machines: name a file with a token "
            f"(--token-file, or {VARIABLE} in the environment), or listen on 127.0.0.1"
        )
