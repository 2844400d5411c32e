"""The server itself: how it is."""

from __future__ import annotations

import platform
import time

from fastapi import APIRouter

from foreframe import __version__
from foreframe.web.serving import Served
from foreframe_models.engines.base import EngineError
from foreframe_protocol.api import Health

router = APIRouter(tags=["server"])


@router.get("/health")
async def health(serving: Served) -> Health:
    """Whether the engine answers, and what the server was started with."""
    settings, engine = serving.settings, serving.worlds.engine
    detail, model = "", None
    if engine is not None:
        detail = await engine.health()
        try:
            model = None if detail else (await engine.open()).name
        except EngineError as error:
            detail = str(error)
    return Health(
        ok=not detail,
        version=__version__,
        python=platform.python_version(),
        engine=serving.worlds.spec,
        model=model,
        detail=detail,
        sessions=len(serving.registry),
        most_sessions=settings.most_sessions,
        allows_run=settings.allows_run,
        folders=[str(folder) for folder in settings.folders],
        uptime_seconds=round(time.monotonic() - serving.begun, 3),
    )
