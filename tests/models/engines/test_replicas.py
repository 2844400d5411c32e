"""Several engines as one: who is asked, who steps in, and who comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

import httpx
import pytest

from foreframe_models.engines import open_engine
from foreframe_models.engines.base import (
    Chunk,
    EngineAborted,
    EngineError,
    EngineRefused,
    EngineUnreachable,
    Finish,
    ModelInfo,
    Request,
)
from foreframe_models.engines.recorded import BYTE_MODEL, BYTE_SPECIALS, Exchange, RecordedEngine
from foreframe_models.engines.replicas import (
    RANK_HEADER,
    SESSION_HEADER,
    RayServeTransport,
    Replica,
    ReplicasEngine,
    SessionTransport,
    open_replicas,
)
from foreframe_models.engines.vllm import VllmEngine
from foreframe_models.engines.worker import joined
from foreframe_protocol.trace_pieces import SEPARATORS, Separator

FRAME = BYTE_SPECIALS[Separator.FRAME.text]


class Answers(RecordedEngine):
    """Answers everything with its letter, until `trouble` is set."""

    def __init__(self, letter: str, model: ModelInfo = BYTE_MODEL) -> None:
        super().__init__([], model=model)
        self.letter, self.trouble = letter, EngineError()
        self.ill, self.breaks = False, False
        self.closed = 0

    def fall_ill(self, trouble: EngineError) -> None:
        self.ill, self.trouble = True, trouble

    async def open(self) -> ModelInfo:
        if self.ill:
            raise self.trouble
        return self._model

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        self.requests.append(request)
        if self.ill:
            raise self.trouble
        yield Chunk(ids=(1,), texts=(self.letter,), logprobs=(0.0,), forced=(False,))
        await asyncio.sleep(0)
        if self.breaks:
            raise EngineAborted("it broke")
        yield Chunk(finish=Finish.STOP, prompt_tokens=len(request.prompt))

    async def encode(self, text: str) -> tuple[int, ...]:
        if self.ill:
            raise self.trouble
        return tuple(text.encode())

    async def health(self) -> str:
        return str(self.trouble) if self.ill else ""

    async def close(self) -> None:
        self.closed += 1


def request(program: int, trace: tuple[int, ...] = ()) -> Request:
    return Request((program, FRAME, *trace), 5)


def three() -> tuple[ReplicasEngine, list[Answers]]:
    engines = [Answers(letter) for letter in "abc"]
    replicas = [Replica(one.letter, one, one.letter) for one in engines]
    return ReplicasEngine(replicas, first_look=0.01), engines


async def answered(engine: ReplicasEngine, asked: Request) -> str:
    return "".join(joined([chunk async for chunk in engine.stream(asked)]).texts)


async def until_well(engine: ReplicasEngine) -> None:
    looks = [replica.look for replica in engine.replicas if replica.look is not None]
    await asyncio.gather(*looks)


async def test_a_session_stays_where_its_prefix_is() -> None:
    engine, engines = three()
    for program in range(20):
        first = await answered(engine, request(program))
        for trace in ((1,), (1, 2, FRAME, 3), (9,)):
            assert await answered(engine, request(program, trace)) == first
    assert all(one.requests for one in engines)
    await engine.close()


async def test_another_replica_steps_in_and_the_sessions_come_back() -> None:
    engine, engines = three()
    home = await answered(engine, request(1))
    own = next(one for one in engines if one.letter == home)
    others = {program: await answered(engine, request(program)) for program in range(2, 20)}
    own.fall_ill(EngineUnreachable("no one answers"))
    elsewhere = await answered(engine, request(1))
    assert elsewhere != home
    asked = len(own.requests)
    assert await answered(engine, request(1)) == elsewhere
    assert len(own.requests) == asked  # it is left alone while it is down
    for program, letter in others.items():
        if letter != home:
            assert await answered(engine, request(program)) == letter
    assert "1 of 3 replicas are not well: no one answers" in await engine.health()
    own.ill = False
    await until_well(engine)
    assert await answered(engine, request(1)) == home
    assert await engine.health() == ""
    await engine.close()


async def test_an_answer_that_breaks_off_ends_its_step_and_the_next_goes_elsewhere() -> None:
    engine, engines = three()
    home = await answered(engine, request(1))
    own = next(one for one in engines if one.letter == home)
    own.breaks, own.ill, own.trouble = True, False, EngineAborted("it broke")
    with pytest.raises(EngineAborted, match="it broke"):
        await answered(engine, request(1))
    assert await answered(engine, request(1)) != home
    assert [replica.load for replica in engine.replicas] == [0, 0, 0]
    await engine.close()


async def test_what_no_other_replica_would_do_better_is_told_at_once() -> None:
    engine, engines = three()
    home = await answered(engine, request(1))
    own = next(one for one in engines if one.letter == home)
    own.fall_ill(EngineRefused("a wrong grammar"))
    with pytest.raises(EngineRefused):
        await answered(engine, request(1))
    assert sum(len(one.requests) for one in engines) == 2
    assert not any(replica.trouble for replica in engine.replicas)
    await engine.close()


async def test_when_all_are_down_the_last_one_s_trouble_is_told() -> None:
    engine, engines = three()
    await engine.open()
    for one in engines:
        one.fall_ill(EngineUnreachable(f"{one.letter} is away"))
    with pytest.raises(EngineUnreachable, match="is away"):
        await answered(engine, request(1))
    with pytest.raises(EngineUnreachable, match="is away"):
        await engine.encode("x")
    for one in engines:
        one.ill = False
    await until_well(engine)
    assert await engine.encode("x") == (120,)
    await engine.close()
    assert [one.closed for one in engines] == [1, 1, 1]


async def test_some_may_be_away_at_the_start_but_not_all() -> None:
    engine, engines = three()
    engines[0].fall_ill(EngineUnreachable("away"))
    assert (await engine.open()).dialect == "cwm"
    engines[0].ill = False
    await until_well(engine)
    await engine.close()
    alone, (first, second, third) = three()
    for one in (first, second, third):
        one.fall_ill(EngineUnreachable("away"))
    with pytest.raises(EngineUnreachable, match="away"):
        await alone.open()
    assert await alone.health() == "away"
    first.ill = False
    assert (await alone.open()).name == "recorded"
    await alone.close()


async def test_replicas_of_different_models_are_refused() -> None:
    other = ModelInfo("other", "cwm", 4096, {**BYTE_SPECIALS, Separator.FRAME.text: 999})
    engine = ReplicasEngine(
        [Replica("a", Answers("a"), "a"), Replica("b", Answers("b", other), "b")]
    )
    with pytest.raises(EngineRefused, match="b serves other"):
        await engine.open()
    await engine.close()


async def test_the_shortest_context_is_what_all_can_read() -> None:
    short = ModelInfo("recorded", "cwm", 4096, BYTE_SPECIALS)
    engine = ReplicasEngine(
        [Replica("a", Answers("a"), "a"), Replica("b", Answers("b", short), "b")]
    )
    assert (await engine.open()).context_tokens == 4096
    await engine.close()


async def test_replicas_at_one_place_are_down_together() -> None:
    engines = [Answers(letter) for letter in "abc"]
    places = ["http://x", "http://x", "http://y"]
    replicas = [Replica(one.letter, one, place) for one, place in zip(engines, places, strict=True)]
    engine = ReplicasEngine(replicas, first_look=60)
    at_a = [n for n in range(60) if await answered(engine, request(n)) == "a"]
    engines[0].fall_ill(EngineUnreachable("away"))
    assert await answered(engine, request(at_a[0])) in "bc"
    assert [bool(one.trouble) for one in engine.replicas] == [True, True, False]
    await engine.close()


async def test_many_sessions_at_a_time_get_each_its_own_answer() -> None:
    engine, engines = three()
    homes = await asyncio.gather(*(answered(engine, request(n)) for n in range(60)))
    assert set(homes) == set("abc")
    engines[0].fall_ill(EngineUnreachable("away"))
    again = await asyncio.gather(*(answered(engine, request(n)) for n in range(60)))
    assert all(now == home for now, home in zip(again, homes, strict=True) if home != "a")
    assert [replica.load for replica in engine.replicas] == [0, 0, 0]
    await engine.close()


async def test_a_request_says_which_session_and_which_replica_it_is_for() -> None:
    seen: list[httpx.Request] = []

    def answer(asked: httpx.Request) -> httpx.Response:
        seen.append(asked)
        body = json.loads(asked.content or b"{}")
        match asked.url.path:
            case "/v1/models":
                return httpx.Response(200, json={"data": [{"id": "cwm", "max_model_len": 4096}]})
            case "/tokenize":
                ids = {s.text: 500 + n for n, s in enumerate(SEPARATORS)}
                return httpx.Response(200, json={"tokens": [ids[body["prompt"]]]})
        return httpx.Response(503, json={"error": {"message": "not now"}})

    transports = [SessionTransport(rank, httpx.MockTransport(answer)) for rank in (0, 1)]
    engine = ReplicasEngine(
        [
            Replica(f"rank {rank}", VllmEngine("http://vllm.test", transport=one), f"{rank}")
            for rank, one in enumerate(transports)
        ]
    )
    await engine.open()
    for trace in ((), (1, 2)):
        with pytest.raises(EngineUnreachable, match="not now"):
            await answered(engine, Request((3, 500, *trace), 5))
    asked = [one for one in seen if one.url.path == "/v1/completions"]
    assert {one.headers[RANK_HEADER] for one in asked} == {"0", "1"}
    sessions = {one.headers[SESSION_HEADER] for one in asked}
    assert len(sessions) >= 1
    assert all(SESSION_HEADER not in one.headers for one in seen if one not in asked)
    await engine.close()


async def test_ray_serve_s_app_is_spoken_to_as_it_answers() -> None:
    paths: list[str] = []

    def answer(asked: httpx.Request) -> httpx.Response:
        paths.append(asked.url.path)
        body = json.loads(asked.content or b"{}")
        match asked.url.path:
            case "/-/healthz":
                return httpx.Response(200, text="success")
            case "/v1/models":
                metadata = {"model_id": "cwm", "max_request_context_length": 32_768}
                return httpx.Response(200, json={"data": [{"id": "cwm", "metadata": metadata}]})
            case "/tokenize":
                ids = {s.text: 500 + n for n, s in enumerate(SEPARATORS)}
                return httpx.Response(200, json={"tokens": [ids[body["prompt"]]]})
        return httpx.Response(404)

    transport = RayServeTransport(None, httpx.MockTransport(answer))
    engine = VllmEngine("http://ray.test", transport=transport)
    assert (await engine.open()).context_tokens == 32_768
    assert await engine.health() == ""
    assert "/health" not in paths
    await engine.close()


async def test_a_list_of_models_that_is_none_is_told_as_such() -> None:
    def answer(asked: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": [{"id": "cwm"}]})

    transport = RayServeTransport(None, httpx.MockTransport(answer))
    engine = VllmEngine("http://ray.test", transport=transport)
    with pytest.raises(EngineRefused, match="does not say which model"):
        await engine.open()
    await engine.close()


def test_a_list_of_addresses_names_an_engine_each() -> None:
    engine = open_replicas("http://a:1,https://b:2#replicas=2 , http://c")
    assert [replica.name for replica in engine.replicas] == [
        "http://a:1", "https://b:2 replica 0", "https://b:2 replica 1", "http://c",
    ]  # fmt: skip
    assert isinstance(open_engine("http://a:1,http://b:2"), ReplicasEngine)
    assert isinstance(open_engine("http://a:1#ray-serve"), ReplicasEngine)
    assert isinstance(open_engine("http://a:1"), VllmEngine)


@pytest.mark.parametrize(
    "spec",
    [
        "http://a,",
        "http://a,b",
        "http://a,http://a",
        "http://a#replicas=0",
        "http://a#replicas=x",
        "http://a#replicas=9999",
        "http://a#shards=2",
        "http://a#replicas=1000,http://b#replicas=1000",
    ],
)
def test_what_is_no_list_of_addresses_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        open_engine(spec)


def test_an_engine_without_replicas_is_none() -> None:
    with pytest.raises(ValueError, match="no replica"):
        ReplicasEngine([])


async def test_a_recorded_engine_can_be_a_replica_too() -> None:
    recorded = RecordedEngine([Exchange("yes")])
    engine = ReplicasEngine([Replica("a", recorded, "a")])
    assert await answered(engine, request(1)) == "yes"
    with pytest.raises(EngineAborted, match="no answer left"):
        await answered(engine, request(1))
    assert await engine.decode((121,)) == "y"
    await engine.close()
