"""Several engines that serve one model, as one: sessions stick to theirs, others step in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import parse_qs, urldefrag

import httpx

from foreframe_models.engines.affinity import CONTEXT_ENDS, order, session_key
from foreframe_models.engines.base import (
    Chunk,
    Engine,
    EngineAborted,
    EngineError,
    EngineOutOfMemory,
    EngineRefused,
    EngineUnreachable,
    ModelInfo,
    Request,
)
from foreframe_models.engines.vllm import VllmEngine

FIRST_LOOK, LAST_LOOK = 1.0, 30.0  # seconds until a replica that is down is looked at again
MOST_REPLICAS = 1024
RANK_HEADER = "X-data-parallel-rank"  # vLLM: which of its replicas answers
SESSION_HEADER = "X-Session-ID"  # for what balances loads in between
RAY_SERVE = "ray-serve"  # after the # of an address: what answers there
TROUBLE = (EngineUnreachable, EngineAborted, EngineOutOfMemory)  # that another may not have

_session: ContextVar[str] = ContextVar("session", default="")
Answer = TypeVar("Answer")


class SessionTransport(httpx.AsyncBaseTransport):
    """The network, with a replica's rank and the session's id written on each request."""

    def __init__(self, rank: int | None, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._rank, self._inner = rank, inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._rank is not None:
            request.headers[RANK_HEADER] = str(self._rank)
        if session := _session.get():
            request.headers[SESSION_HEADER] = session
        if self._inner is None:  # late, as certificates take their time to be read
            limits = httpx.Limits(max_connections=32, keepalive_expiry=30)
            self._inner = httpx.AsyncHTTPTransport(limits=limits)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            await inner.aclose()


class RayServeTransport(SessionTransport):
    """The same to Ray Serve's LLM app, whose answers differ from vLLM's in two places."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/health"):
            request.url = request.url.copy_with(path=path.removesuffix("/health") + "/-/healthz")
        response = await super().handle_async_request(request)
        if not path.endswith("/v1/models") or response.status_code != 200:
            return response
        body = await response.aread()
        await response.aclose()
        return httpx.Response(200, content=_with_context(body), request=request)


def _with_context(body: bytes) -> bytes:
    """Ray Serve's list of models, with the context's length where vLLM has it."""
    try:
        told = json.loads(body)
        for model in told["data"]:
            model.setdefault("max_model_len", model["metadata"]["max_request_context_length"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return body
    return json.dumps(told).encode()


@dataclass(eq=False)
class Replica:
    """One engine among several. `place`: those with the same one are up or down together."""

    name: str
    engine: Engine
    place: str
    load: int = 0  # requests under way
    trouble: str = ""  # why it is down; empty: it is up
    look: asyncio.Task[None] | None = field(default=None, repr=False)


class ReplicasEngine(Engine):
    """Sends each request where its prefix is kept, and elsewhere when that replica is not well.

    A request that has not been answered at all is tried at the next replica; one that breaks off
    in the middle ends its step, and the next step goes elsewhere. A replica that is down is looked
    at in the background, and has its sessions back when it is well again.
    """

    name = "vllm"

    def __init__(self, replicas: Sequence[Replica], *, first_look: float = FIRST_LOOK) -> None:
        """Raises ValueError without replicas. `first_look`: seconds; doubled with each look."""
        if not replicas:
            raise ValueError("no replica was named")
        self.replicas = tuple(replicas)
        self.raw_logprobs = all(one.engine.raw_logprobs for one in replicas)
        self._names = [one.name for one in replicas]
        self._first_look = first_look
        self._info: ModelInfo | None = None
        self._ends: frozenset[int] = frozenset()
        self._opening = asyncio.Lock()

    async def open(self) -> ModelInfo:
        """Connects to all; some may be down, but not all. Raises EngineError."""
        async with self._opening:
            if self._info is None:
                self._info = await self._meet()
            return self._info

    async def _meet(self) -> ModelInfo:
        answers = await asyncio.gather(
            *(one.engine.open() for one in self.replicas), return_exceptions=True
        )
        info: ModelInfo | None = None
        first: BaseException | None = None
        for replica, answer in zip(self.replicas, answers, strict=True):
            match answer:
                case ModelInfo():
                    replica.trouble = ""
                    info = answer if info is None else self._agreed(info, replica, answer)
                case EngineError() if isinstance(answer, TROUBLE):
                    first = first or answer
                    self._down(replica, str(answer))
                case _:
                    raise answer
        if info is None:
            assert first is not None
            raise first
        self._ends = frozenset(info.specials[end] for end in CONTEXT_ENDS if end in info.specials)
        return info

    def _agreed(self, info: ModelInfo, replica: Replica, other: ModelInfo) -> ModelInfo:
        """What both can do. Raises EngineRefused when they do not serve the same model."""
        if (info.dialect, dict(info.specials)) != (other.dialect, dict(other.specials)):
            raise EngineRefused(
                f"{replica.name} serves {other.name}, and {self._names[0]} {info.name} with other "
                "tokens: replicas must serve the same model"
            )
        return replace(info, context_tokens=min(info.context_tokens, other.context_tokens))

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        await self.open()
        key = session_key(request.prompt, self._ends)
        last: EngineError | None = None
        for replica in self._order(key):
            replica.load += 1
            stream = replica.engine.stream(request)
            try:
                begun = await self._begun(replica, key, stream)
                if isinstance(begun, EngineError):
                    last = begun
                    continue
                yield begun
                async for chunk in stream:
                    yield chunk
                return
            except TROUBLE as error:
                self._down(replica, str(error))
                raise
            finally:
                replica.load -= 1
                if isinstance(stream, AsyncGenerator):
                    await stream.aclose()
        assert last is not None
        raise last

    async def _begun(
        self, replica: Replica, key: bytes, stream: AsyncGenerator[Chunk, None] | object
    ) -> Chunk | EngineError:
        """The first chunk; or the trouble that another replica may not have."""
        assert isinstance(stream, AsyncGenerator)
        token = _session.set(key.hex())
        try:
            return await anext(stream)
        except TROUBLE as error:
            self._down(replica, str(error))
            return error
        except StopAsyncIteration:
            return EngineAborted(f"{replica.name} answered nothing")
        finally:
            _session.reset(token)

    async def score(self, ids: tuple[int, ...], start: int) -> tuple[float, ...]:
        await self.open()
        key = session_key(ids, self._ends)
        return await self._asked(self._order(key), lambda engine: engine.score(ids, start))

    async def encode(self, text: str) -> tuple[int, ...]:
        await self.open()
        return await self._asked(self._well_first(), lambda engine: engine.encode(text))

    async def decode(self, ids: tuple[int, ...]) -> str:
        await self.open()
        return await self._asked(self._well_first(), lambda engine: engine.decode(ids))

    async def _asked(
        self, replicas: Sequence[Replica], ask: Callable[[Engine], Awaitable[Answer]]
    ) -> Answer:
        """The first answer. Raises the last replica's EngineError."""
        last: EngineError | None = None
        for replica in replicas:
            try:
                return await ask(replica.engine)
            except TROUBLE as error:
                self._down(replica, str(error))
                last = error
        assert last is not None
        raise last

    async def health(self) -> str:
        """Names the replicas that are down, also where others step in for them."""
        try:
            await self.open()
        except EngineError as error:
            return str(error)
        told = await asyncio.gather(*(one.engine.health() for one in self.replicas))
        for replica, trouble in zip(self.replicas, told, strict=True):
            if trouble:
                self._down(replica, trouble)
        bad = [trouble for trouble in told if trouble]
        if not bad:
            return ""
        return f"{len(bad)} of {len(told)} replicas are not well: {'; '.join(dict.fromkeys(bad))}"

    async def close(self) -> None:
        looks = [one.look for one in self.replicas if one.look is not None]
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)
        for replica in self.replicas:
            replica.look, replica.trouble = None, ""
            await replica.engine.close()
        self._info = None

    def _order(self, key: bytes) -> list[Replica]:
        """The replicas to try for a key."""
        loads = [one.load for one in self.replicas]
        down = {index for index, one in enumerate(self.replicas) if one.trouble}
        return [self.replicas[index] for index in order(key, self._names, loads, down)]

    def _well_first(self) -> list[Replica]:
        return sorted(self.replicas, key=lambda one: bool(one.trouble))

    def _down(self, replica: Replica, trouble: str) -> None:
        """Until it is well, a replica's sessions go elsewhere, and those of all at its place."""
        for one in self.replicas:
            if one is replica or one.place == replica.place:
                one.trouble = trouble
                if one.look is None or one.look.done():
                    one.look = asyncio.create_task(self._look_after(one))

    async def _look_after(self, replica: Replica) -> None:
        """Looks again and again until the replica is well, and serves what the others do."""
        wait = self._first_look
        while True:
            await asyncio.sleep(wait)
            wait = min(2 * wait, LAST_LOOK)
            trouble = await replica.engine.health()
            if trouble or self._info is None:
                continue
            try:
                self._agreed(self._info, replica, await replica.engine.open())
            except EngineError as error:
                replica.trouble = str(error)
            else:
                replica.trouble = ""
                return


def open_replicas(spec: str) -> ReplicasEngine:
    """The engine of several addresses, commas between; `#replicas=N` after one that has N of them.

    `#ray-serve` after the address of Ray Serve's LLM app, which tells sessions apart by the id that
    each request carries. Raises ValueError for what is no such list.
    """
    named: dict[str, tuple[str, SessionTransport]] = {}
    for address in spec.split(","):
        url, fragment = urldefrag(address.strip())
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{address.strip() or spec!r} is no address of a server")
        for rank in _ranks(fragment):
            name = url if rank is None else f"{url} replica {rank}"
            if name in named:
                raise ValueError(f"{name} is named twice in {spec}")
            ray = fragment == RAY_SERVE
            named[name] = (url, RayServeTransport(None) if ray else SessionTransport(rank))
    if len(named) > MOST_REPLICAS:
        raise ValueError(f"{len(named)} replicas are more than {MOST_REPLICAS}")
    return ReplicasEngine(
        [
            Replica(name, VllmEngine(url, transport=transport), url)
            for name, (url, transport) in named.items()
        ]
    )


def _ranks(fragment: str) -> list[int | None]:
    """What comes after #: which replicas there are at an address. Raises ValueError."""
    if fragment in ("", RAY_SERVE):
        return [None]
    told = parse_qs(fragment, keep_blank_values=True)
    count = "".join(told.get("replicas", []))
    if set(told) != {"replicas"} or not count.isdecimal() or not 0 < int(count) <= MOST_REPLICAS:
        raise ValueError(f"#{fragment}: write #replicas=4 for four replicas, or #{RAY_SERVE}")
    return list(range(int(count)))
