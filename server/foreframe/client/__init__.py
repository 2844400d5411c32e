"""A typed client of `foreframe serve`.

    async with Client() as client, client.session(source=source, function="f", args="3") as s:
        await s.step_over()
        print(s.stop.state.stack[-1].locals)

`SyncClient` is the same without `async` and `await`.
"""

from __future__ import annotations

from foreframe.client.blocking import SyncClient, SyncSession
from foreframe.client.client import Client, SessionOptions
from foreframe.client.news import News, Streamed
from foreframe.client.retries import Retries
from foreframe.client.session import Session
from foreframe.errors import ApiError, BadAnswer, BadServer, ClientError, ServerUnreachable

__all__ = [
    "ApiError",
    "BadAnswer",
    "BadServer",
    "Client",
    "ClientError",
    "News",
    "Retries",
    "ServerUnreachable",
    "Session",
    "SessionOptions",
    "Streamed",
    "SyncClient",
    "SyncSession",
]
