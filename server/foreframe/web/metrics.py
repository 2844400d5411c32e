"""What is counted and timed, in Prometheus' form."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foreframe_models.engines.base import Chunk, Engine, EngineError, ModelInfo, Request

SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)


class Metrics:
    """The numbers of one server. `sessions` gives how many are open."""

    def __init__(self, sessions: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "foreframe_http_requests",
            "Requests that were answered, by route",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "foreframe_http_seconds",
            "From a request to the beginning of its answer",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.actions = Counter(
            "foreframe_actions", "Actions on sessions", ("kind",), registry=self.registry
        )
        self.tokens = Counter(
            "foreframe_tokens",
            "Tokens of the engine: read, of those taken from a cache, forced by the program, and "
            "generated",
            ("kind",),
            registry=self.registry,
        )
        self.asked = Counter(
            "foreframe_engine_requests",
            "Requests to the engine: for a person (or ahead of one), and how they ended",
            ("wanted", "end"),
            registry=self.registry,
        )
        self.engine_seconds = Histogram(
            "foreframe_engine_seconds",
            "A request to the engine, from its beginning to its end",
            ("wanted",),
            buckets=SECONDS,
            registry=self.registry,
        )
        running = Gauge(
            "foreframe_engine_running", "Requests in work at the engine", registry=self.registry
        )
        self.running = running
        gauge = Gauge("foreframe_sessions", "Sessions that are open", registry=self.registry)
        gauge.set_function(sessions)

    def text(self) -> bytes:
        """All of it, to be scraped."""
        return generate_latest(self.registry)


class MeteredEngine(Engine):
    """An engine, with what it does counted."""

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self.engine, self.metrics = engine, metrics
        self.name, self.raw_logprobs = engine.name, engine.raw_logprobs

    async def open(self) -> ModelInfo:
        return await self.engine.open()

    async def stream(self, request: Request) -> AsyncIterator[Chunk]:
        metrics = self.metrics
        wanted = "ahead" if request.priority else "person"
        end, began = "cancelled", time.monotonic()
        stream = self.engine.stream(request)
        metrics.running.inc()
        try:
            async for chunk in stream:
                forced = sum(chunk.forced)
                metrics.tokens.labels("forced").inc(forced)
                metrics.tokens.labels("generated").inc(len(chunk.ids) - forced)
                metrics.tokens.labels("prompt").inc(chunk.prompt_tokens)
                metrics.tokens.labels("cached").inc(chunk.cached_tokens)
                yield chunk
            end = "finished"
        except EngineError:
            end = "failed"
            raise
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()
            metrics.running.dec()
            metrics.asked.labels(wanted, end).inc()
            metrics.engine_seconds.labels(wanted).observe(time.monotonic() - began)

    async def encode(self, text: str) -> tuple[int, ...]:
        return await self.engine.encode(text)

    async def decode(self, ids: tuple[int, ...]) -> str:
        return await self.engine.decode(ids)

    async def score(self, ids: tuple[int, ...], start: int) -> tuple[float, ...]:
        return await self.engine.score(ids, start)

    async def health(self) -> str:
        return await self.engine.health()

    async def close(self) -> None:
        await self.engine.close()


class Measured:
    """An ASGI application, its requests counted by route."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "")
                method = scope["method"] if route else "other"
                self.metrics.requests.labels(method, route, str(message["status"])).inc()
                self.metrics.seconds.labels(method, route).observe(time.monotonic() - began)
            await send(message)

        await self.app(scope, receive, told)
