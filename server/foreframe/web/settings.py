"""What a server is started with: where it listens, who may talk to it, and what it may take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from foreframe.tokens import is_loopback


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Everything that `foreframe serve` is told. Without a token only loopback is served.

    `folders`: what `file` in a request may lie in, resolved. `origins`: pages besides the server's
    own that may talk to it. `hosts`: names besides its address that it is reached by.
    """

    engine: str = "auto"
    host: str = "127.0.0.1"
    port: int = 8642
    token: str | None = None
    folders: tuple[Path, ...] = ()
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    allows_run: bool = False
    most_sessions: int = 200
    idle_minutes: float = 60.0  # after which a session without a request is closed; it is kept
    most_body: int = 2_000_000  # bytes of a request, or of a WebSocket's message
    most_seconds: float = 120.0  # of one request
    most_waiting: int = 64  # requests beyond which others are told to come back
    keeps: bool = True  # sessions on disk

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)
