"""What the routes of one server share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import HTTPConnection

from foreframe.web.idempotency import Answers
from foreframe.web.metrics import Metrics
from foreframe.web.registry import Registry
from foreframe.web.settings import ServeSettings
from foreframe.web.worlds import Worlds


@dataclass(slots=True)
class Serving:
    """One server: what it was started with, its engine and its sessions."""

    settings: ServeSettings
    worlds: Worlds
    registry: Registry
    metrics: Metrics
    answers: Answers = field(default_factory=Answers)
    begun: float = field(default_factory=time.monotonic)


def serving_of(connection: HTTPConnection) -> Serving:
    """The server that a request came to."""
    found = connection.app.state.serving
    assert isinstance(found, Serving)
    return found


async def served(connection: HTTPConnection) -> Serving:
    """The same, as what a route depends on."""
    return serving_of(connection)


Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The same key with the same body gives the same answer again.",
    ),
]
Served = Annotated[Serving, Depends(served)]
