"""Where a server is, and what opens it: its address and its token."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from foreframe.errors import BadServer
from foreframe.tokens import VARIABLE, is_loopback, read_token

DEFAULT_ADDRESS = "http://127.0.0.1:8642"


@dataclass(frozen=True, slots=True)
class Address:
    """A server's root (scheme, host, port, perhaps a path) and the token that it wants, if any.

    The token is not part of what is printed, and never part of an address.
    """

    url: str
    token: str | None = field(default=None, repr=False)

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine: no proxy leads there."""
        return is_loopback(urlsplit(self.url).hostname or "")

    @property
    def headers(self) -> dict[str, str]:
        """What each request carries."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    @property
    def socket_url(self) -> str:
        """The same root for WebSockets."""
        return "ws" + self.url.removeprefix("http")


def find_address(
    url: str = DEFAULT_ADDRESS, token: str | None = None, token_file: str | Path | None = None
) -> Address:
    """A server's address with its token: the one given, the one in a file, or the environment's.

    Raises BadServer or TokenUnreadable.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (it is read when it is asked for)
    except ValueError as error:
        raise BadServer(f"{url!r} is not the address of a server: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadServer(f"{url!r} is not the address of a server: give one as {DEFAULT_ADDRESS}")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise BadServer(
            "a server's address holds neither names, passwords, a query nor a fragment: give the "
            f"token as an argument, in a file, or in {VARIABLE}"
        )
    if token is None:
        token = read_token(None if token_file is None else Path(token_file))
    elif not token.isascii() or not token.isprintable() or " " in token:
        raise BadServer("a token is printable ASCII without spaces: this one cannot be sent")
    return Address(url.rstrip("/"), token)
