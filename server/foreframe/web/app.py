"""The ASGI application of `foreframe serve`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from foreframe import __version__
from foreframe.dap.launch import OpenWorld, open_model
from foreframe.web import problems
from foreframe.web.guard import Guard
from foreframe.web.metrics import Measured, Metrics
from foreframe.web.openapi import describe
from foreframe.web.registry import Registry
from foreframe.web.routes import (
    actions,
    comparing,
    filling,
    predicting,
    server,
    sessions,
    socket,
    telling,
    timeline,
)
from foreframe.web.serving import Serving
from foreframe.web.settings import ServeSettings
from foreframe.web.worlds import Worlds
from foreframe_protocol.api import PREFIX

STATIC = Path(__file__).parent / "static"
ROUTERS = (
    sessions.router,
    actions.router,
    timeline.router,
    telling.router,
    socket.router,
    predicting.router,
    comparing.router,
    filling.router,
    server.router,
)


def create_app(settings: ServeSettings, open_world: OpenWorld = open_model) -> ASGIApp:
    """A server that is started and stopped by its lifespan. Raises BadOption."""
    return build(settings, open_world)[0]


def build(settings: ServeSettings, open_world: OpenWorld = open_model) -> tuple[ASGIApp, Serving]:
    """The same, with what is behind it."""
    worlds = Worlds(settings.engine, open_world, sessions=settings.most_sessions)
    registry = Registry(settings, worlds)
    metrics = Metrics(lambda: len(registry))
    worlds.measure(metrics)
    serving = Serving(settings, worlds, registry, metrics)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        registry.start()
        try:
            yield
        finally:
            await registry.close()
            await worlds.close()

    app = FastAPI(
        title="Foreframe",
        version=__version__,
        summary="A debugger whose program runs in a model's head.",
        lifespan=lifespan,
        docs_url=None,  # its page would load from elsewhere
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
    )
    app.state.serving = serving
    app.add_middleware(Measured, metrics=metrics)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    app.include_router(server.unprefixed)
    describe(app)
    if STATIC.is_dir():
        app.mount("/static", StaticFiles(directory=STATIC), name="static")
        app.mount("/", StaticFiles(directory=STATIC, html=True), name="page")
    return Guard(app, settings), serving
