"""A client of `foreframe serve`: each of its endpoints as a method."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypedDict, TypeVar, Unpack, overload
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from foreframe.client.address import DEFAULT_ADDRESS, Address, find_address
from foreframe.client.connection import Call, Connection, new_key
from foreframe.client.news import OnNews, Streamed, streamed
from foreframe.client.retries import Retries
from foreframe.client.session import Session
from foreframe.errors import BadArguments
from foreframe_protocol.api import (
    BreakpointSpec,
    CompareAnswer,
    CompareRequest,
    EvaluateAnswer,
    EvaluateRequest,
    ExplainRequest,
    Explanation,
    FillAnswer,
    FillRequest,
    HaltingView,
    Health,
    InputsAnswer,
    InputsRequest,
    KeptList,
    ModelList,
    NewSession,
    PredictedStep,
    PredictRequest,
    RunRequest,
    SessionList,
    SessionView,
)

Body = TypeVar("Body", bound=BaseModel)


class SessionOptions(TypedDict, total=False):
    """The fields of `NewSession`."""

    source: str
    file: str
    function: str | None
    args: str
    max_frames: int
    mode: Literal["imagine", "check"]
    stop_on_entry: bool
    breakpoints: list[BreakpointSpec]
    look_ahead_tokens: int | None
    returned: str | None
    raised: str | None
    resume: int | None


class Client:
    """Talks to one server, from any number of tasks at a time.

    Every method raises ApiError (the server's number and words), ServerUnreachable or BadAnswer.
    A method that is cancelled has the server stop what it was doing for it.
    """

    def __init__(
        self,
        url: str | Address = DEFAULT_ADDRESS,
        *,
        token: str | None = None,
        token_file: str | Path | None = None,
        timeout: float = 130.0,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`token`: else the one in `token_file`, else FOREFRAME_TOKEN's.

        `timeout`: seconds that the server may be silent. `transport`: in place of the network.
        Raises BadServer or TokenUnreadable.
        """
        address = url if isinstance(url, Address) else find_address(url, token, token_file)
        self.connection = Connection(address, timeout=timeout, retries=retries, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections. Sessions stay on the server."""
        await self.connection.close()

    @asynccontextmanager
    async def session(self, **options: Unpack[SessionOptions]) -> AsyncIterator[Session]:
        """A new session at its first stop, ended on the server when it is left."""
        session = await self.create_session(new_session(**options))
        try:
            await session.settle()
            yield session
        finally:
            await session.leave()

    async def create_session(self, asked: NewSession) -> Session:
        """A new session, which stays on the server. It may be on the way to its first stop."""
        call = Call("POST", "/sessions", asked, key=new_key())
        return Session(self.connection, await self.connection.ask(call, SessionView))

    async def sessions(self) -> SessionList:
        """Those that the server holds."""
        return await self.connection.ask(Call("GET", "/sessions"), SessionList)

    async def find_session(self, identity: str) -> Session:
        """One of them."""
        call = Call("GET", f"/sessions/{quote(identity, safe='')}")
        return Session(self.connection, await self.connection.ask(call, SessionView))

    async def open_kept(self, number: int) -> Session:
        """One of those on the server's disk (`kept`), by its number: goes on where it was left."""
        call = Call("POST", f"/kept/{number}", key=new_key())
        return Session(self.connection, await self.connection.ask(call, SessionView))

    async def kept(self) -> KeptList:
        """Sessions on the server's disk, of other days too."""
        return await self.connection.ask(Call("GET", "/kept"), KeptList)

    async def predict(
        self, asked: PredictRequest, *, on_news: OnNews | None = None
    ) -> PredictedStep:
        """One action from a state, or from the entry. Nothing is kept."""
        return await self._work("/predict", asked, PredictedStep, on_news)

    async def inputs(self, asked: InputsRequest, *, on_news: OnNews | None = None) -> InputsAnswer:
        """Arguments that may lead to an outcome, best first."""
        return await self._work("/inputs", asked, InputsAnswer, on_news)

    async def compare(
        self, asked: CompareRequest, *, on_news: OnNews | None = None
    ) -> CompareAnswer:
        """A prediction beside one real run: **executes the program**, if the server allows."""
        return await self._work("/compare", asked, CompareAnswer, on_news, repeats=False)

    async def fill(self, asked: FillRequest, *, on_news: OnNews | None = None) -> FillAnswer:
        """What could stand in a program's holes, best first."""
        return await self._work("/fill", asked, FillAnswer, on_news, repeats=not asked.runs)

    async def halts(self, asked: RunRequest, *, on_news: OnNews | None = None) -> HaltingView:
        """Whether a run ends."""
        return await self._work("/halts", asked, HaltingView, on_news)

    async def explain(self, asked: ExplainRequest, *, on_news: OnNews | None = None) -> Explanation:
        """A predicted run in sentences."""
        return await self._work("/explain", asked, Explanation, on_news)

    async def evaluate(self, asked: EvaluateRequest) -> EvaluateAnswer:
        """A predicted trace held against the real one."""
        call = Call("POST", "/evaluate", asked, repeats=asked.real is not None)
        return await self.connection.ask(call, EvaluateAnswer)

    @overload
    def stream(self, asked: FillRequest) -> AbstractAsyncContextManager[Streamed[FillAnswer]]: ...
    @overload
    def stream(
        self, asked: InputsRequest
    ) -> AbstractAsyncContextManager[Streamed[InputsAnswer]]: ...
    @overload
    def stream(
        self, asked: PredictRequest
    ) -> AbstractAsyncContextManager[Streamed[PredictedStep]]: ...
    @overload
    def stream(
        self, asked: CompareRequest
    ) -> AbstractAsyncContextManager[Streamed[CompareAnswer]]: ...
    @overload
    def stream(
        self, asked: ExplainRequest
    ) -> AbstractAsyncContextManager[Streamed[Explanation]]: ...
    def stream(self, asked: BaseModel) -> AbstractAsyncContextManager[Streamed[Any]]:
        """The same requests with what is told on the way, to iterate over; `answer` is last.

        async with client.stream(FillRequest(source=source)) as filling:
            async for news in filling:
                print(news.kind, news.data)
        print(filling.answer)
        """
        path, answer = STREAMS[type(asked)]
        return streamed(self.connection, Call("POST", path, asked, repeats=False), answer)

    async def models(self) -> ModelList:
        """What is served, and what is known."""
        return await self.connection.ask(Call("GET", "/models"), ModelList)

    async def plot(self, model: str, plot: str) -> bytes:
        """An image of a model's card, as PNG."""
        path = f"/models/{quote(model, safe='')}/{quote(plot, safe='')}"
        return await self.connection.fetch(Call("GET", path))

    async def health(self) -> Health:
        """How the server is."""
        return await self.connection.ask(Call("GET", "/health"), Health)

    async def metrics(self) -> str:
        """Its figures, as Prometheus' text."""
        return (await self.connection.fetch(Call("GET", "/metrics"))).decode()

    async def _work(
        self,
        path: str,
        asked: BaseModel,
        answer: type[Body],
        on_news: OnNews | None,
        *,
        repeats: bool = True,
    ) -> Body:
        """Asks for something that may take long, with its news where they are wanted."""
        call = Call("POST", path, asked, repeats=repeats)
        if on_news is None:
            return await self.connection.ask(call, answer)
        async with streamed(self.connection, call, answer) as stream:
            return await stream.finish(on_news)


def new_session(**options: Unpack[SessionOptions]) -> NewSession:
    """A session's body from keywords. Raises BadArguments."""
    try:
        return NewSession(**options)
    except ValidationError as error:
        raise BadArguments(f"no session can be begun so: {complaints(error)}") from error


def complaints(error: ValidationError) -> str:
    """What is wrong with a body, without the values in it."""
    found = []
    for one in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in one["loc"])
        message = one["msg"].removeprefix("Value error, ")
        found.append(f"{place}: {message}" if place else message)
    return "; ".join(found)


STREAMS: dict[type[BaseModel], tuple[str, type[BaseModel]]] = {
    PredictRequest: ("/predict", PredictedStep),
    InputsRequest: ("/inputs", InputsAnswer),
    CompareRequest: ("/compare", CompareAnswer),
    FillRequest: ("/fill", FillAnswer),
    ExplainRequest: ("/explain", Explanation),
}
