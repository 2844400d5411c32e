"""The server itself: how it is."""

from __future__ import annotations

import platform
import time
from asyncio import to_thread
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import FileResponse

from foreframe import __version__
from foreframe.errors import NoSuchResource
from foreframe.web.cards import folder_of, model_views, plots_in
from foreframe.web.serving import Served, Serving
from foreframe_models.engines.base import EngineError, ModelInfo
from foreframe_protocol.api import Health, ModelList

router = APIRouter(tags=["server"])
unprefixed = APIRouter(tags=["server"])
PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}}}


@router.get("/health")
async def health(serving: Served) -> Health:
    """Whether the engine answers, and what the server was started with."""
    settings = serving.settings
    info, detail = await opened(serving)
    if not detail and serving.worlds.engine is not None:
        detail = await serving.worlds.engine.health()
    model = None if info is None else info.name
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


async def opened(serving: Serving) -> tuple[ModelInfo | None, str]:
    """The model that is served, or what is wrong with the engine."""
    if serving.worlds.engine is None:
        return None, ""
    try:
        return await serving.worlds.engine.open(), ""
    except EngineError as error:
        return None, str(error)


@router.get("/models")
async def models(serving: Served) -> ModelList:
    """The model that is served, with the figures of its card, then all that are known."""
    info, _ = await opened(serving)
    return ModelList(models=await to_thread(model_views, serving.worlds.engine, info))


@router.get("/models/{name}/{plot}", response_class=FileResponse, responses=PNG)
async def plot(
    serving: Served,
    name: Annotated[str, Path(max_length=200)],
    plot: Annotated[str, Path(max_length=200)],
) -> FileResponse:
    """An image of the served model's card."""
    folder = folder_of(serving.worlds.engine)
    info, _ = await opened(serving)
    if folder is None or info is None or name != info.name or plot not in plots_in(folder):
        raise NoSuchResource("the served model has no such image: /api/v1/models tells which")
    return FileResponse(folder / plot, media_type="image/png")


TEXT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}


@unprefixed.get("/metrics", response_class=Response, responses=TEXT)
async def metrics(serving: Served) -> Response:
    """Counters, times and gauges, to be scraped by Prometheus."""
    return Response(serving.metrics.text(), media_type=CONTENT_TYPE_LATEST)
