"""What a run would do, in words: sentences, and whether it ends. Exports of a session."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from fastapi import APIRouter, Body, Query, Request, Response

from foreframe.explaining import Detail, detail_for, explain
from foreframe.exports.forms import MEDIA_TYPES, exported
from foreframe.halting import Halting, does_it_end
from foreframe.reckoned_halting import reckoned_halting, session_halting
from foreframe.recurring import Recurrence
from foreframe.web.launching import entry_of, program_of
from foreframe.web.routes.sessions import Ident
from foreframe.web.serving import Served, Serving
from foreframe.web.working import STREAMED, Counter, Tell, work
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_models.retelling import must_retell, retold
from foreframe_protocol.api import (
    ExplainRequest,
    Explanation,
    HaltingView,
    RunRequest,
    SentenceView,
)
from foreframe_protocol.states import Action, Frame, Goal, Trace

if TYPE_CHECKING:
    from foreframe_models.world_model import WorldModel

router = APIRouter(tags=["telling"])
Details = Literal["steps", "changes", "calls"]


@router.get("/sessions/{id}/explain")
async def explain_session(
    serving: Served,
    id: Ident,  # noqa: A002
    detail: Details | None = None,
) -> Explanation:
    """What has happened up to where the session stands, in sentences told by rules."""
    live = await serving.registry.find(id)
    program, trace = live.launched.program, live.timeline.cursor.trace
    return await to_thread(explanation, program, trace, detail)


@router.get("/sessions/{id}/halts")
async def session_halts(serving: Served, id: Ident) -> HaltingView:  # noqa: A002
    """Whether the run ends: worked out from the call's literals where nothing was changed on the
    way, else from all that is known of the branch. No model is asked."""
    live = await serving.registry.find(id)
    launched = live.launched
    entry = Entry(launched.asked.function, launched.asked.args)
    return halting_view(await to_thread(session_halting, launched.program, entry, live.timeline))


FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()}}
}


@router.get("/sessions/{id}/export", response_class=Response, responses=FILES)
async def export(
    serving: Served,
    id: Ident,  # noqa: A002
    form: Annotated[Literal["jsonl", "cwm", "perfetto"], Query()] = "jsonl",
) -> Response:
    """The session as a file: its steps as JSON lines, its branch as CWM's text, or for Perfetto."""
    live = await serving.registry.find(id)
    parts = await to_thread(lambda: "".join(exported(live.timeline, form, live.launched.name)))
    return Response(parts.encode("utf-8", "backslashreplace"), media_type=MEDIA_TYPES[form])


@router.post("/halts", response_model=HaltingView, responses=STREAMED)
async def halts(
    request: Request, serving: Served, asked: Annotated[RunRequest, Body()]
) -> Response:
    """Whether a run ends, with what that rests on: worked out from the call's literals where rules
    can tell, else predicted."""
    program, start = await begun(serving, asked)

    async def job(tell: Tell) -> HaltingView:
        known = await to_thread(reckoned_halting, program, entry_of(asked), asked.max_frames)
        if known is not None:
            return halting_view(known[0])
        trace = await run(serving, asked, program, start, tell, Recurrence(program, start))
        return halting_view(await to_thread(does_it_end, program, trace))

    return await work(request, job)


@router.post("/explain", response_model=Explanation, responses=STREAMED)
async def explain_run(
    request: Request, serving: Served, asked: Annotated[ExplainRequest, Body()]
) -> Response:
    """What a run would do, in sentences told by rules from its predicted frames.

    With `retell` in the model's own words as well, beside them.
    """
    program, start = await begun(serving, asked)
    world = cast("WorldModel", serving.worlds.of(asked.max_frames))  # its engine is what retells
    if asked.retell:
        await must_retell(world)

    async def job(tell: Tell) -> Explanation:
        trace = await run(serving, asked, program, start, tell)
        told = await to_thread(explanation, program, trace, asked.detail)
        if asked.retell:
            told.retold = await retold(world, [sentence.text for sentence in told.sentences])
        return told

    return await work(request, job)


async def begun(serving: Serving, asked: RunRequest) -> tuple[Program, Trace]:
    """The program of a request, and where its run starts. Raises LaunchError or EntryError."""
    program = await program_of(asked, serving.settings)
    world = serving.worlds.of(asked.max_frames)
    return program, await world.start(program, entry_of(asked))


async def run(
    serving: Serving,
    asked: RunRequest,
    program: Program,
    start: Trace,
    tell: Tell,
    is_enough: Callable[[Frame], bool] | None = None,
) -> Trace:
    """A run as it is predicted, to its end, a limit, or a frame that is enough. Raises
    EngineError."""
    async with Counter(tell) as counter:

        def watch(frame: Frame) -> bool:
            counter.count(frame)
            return is_enough is not None and is_enough(frame)

        prediction = await serving.worlds.of(asked.max_frames).predict(
            program, start, Goal(Action.RUN_TO), on_frame=watch
        )
    return prediction.trace


def explanation(program: Program, trace: Trace, asked: Details | None) -> Explanation:
    detail = detail_for(trace.length) if asked is None else Detail(asked)
    told = explain(program, trace, detail)
    return Explanation(
        detail=detail.value,
        text="\n".join(f"{'  ' * sentence.depth}{sentence}" for sentence in told),
        sentences=[SentenceView.model_validate(one, from_attributes=True) for one in told],
    )


def halting_view(found: Halting) -> HaltingView:
    return HaltingView.model_validate(found, from_attributes=True)
