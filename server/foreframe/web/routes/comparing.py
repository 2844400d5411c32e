"""Predictions beside what really happens."""

from __future__ import annotations

from asyncio import to_thread
from itertools import zip_longest
from statistics import fmean
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from foreframe.errors import BadRequest
from foreframe.parties import WorldModel
from foreframe.reality import Limits, observe
from foreframe.web.launching import PASTED, entry_of, must_allow_run, parsed, program_of
from foreframe.web.serving import Served, Serving
from foreframe.web.trace_texts import Lines, frames_of, with_provenance
from foreframe.web.working import STREAMED, Tell, work
from foreframe_models.entry import Entry
from foreframe_models.evaluation.comparing import align
from foreframe_models.program.control_flow import Program
from foreframe_protocol.alignment import check_frame
from foreframe_protocol.api import (
    CompareAnswer,
    ComparedFrame,
    CompareRequest,
    EvaluateAnswer,
    EvaluateRequest,
    FrameView,
)
from foreframe_protocol.states import Action, Frame, Goal, Provenance, Trace

router = APIRouter(tags=["comparing"])
RUN_SECONDS = 10.0


@router.post("/compare", response_model=CompareAnswer, responses=STREAMED)
async def compare(
    request: Request, serving: Served, asked: Annotated[CompareRequest, Body()]
) -> Response:
    """A prediction beside one real run, frame by frame. **Executes the program**, in a limited
    process of its own."""
    must_allow_run(serving.settings, "comparing runs the program")
    program = await program_of(asked, serving.settings)
    world, entry = serving.worlds.of(asked.max_frames), entry_of(asked)
    start = await world.start(program, entry)

    async def job(tell: Tell) -> CompareAnswer:
        limits = Limits(frames=asked.max_frames, seconds=RUN_SECONDS)
        real = await observe(program, entry, limits)
        tell("progress", {"frames": 0, "total": len(real.frames)})
        follows = truly if asked.resync == "reality" else freely
        predicted = await follows(world, program, start, real.frames, tell)
        found = [compared(*pair) for pair in zip_longest(predicted, real.frames)]
        return CompareAnswer(
            frames=found,
            total=len(found),
            right=sum(one.right for one in found),
            end=real.end,
            message=real.message,
            output=real.output,
        )

    return await work(request, job)


async def truly(
    world: WorldModel, program: Program, start: Trace, real: list[Frame], tell: Tell
) -> list[Frame]:
    """Each frame predicted from the real ones before it. Raises EngineError."""
    predicted = list(start.frames())
    trace = Trace()
    for number, frame in enumerate(real[:-1], 1):
        trace = trace.append(frame)
        found = await world.predict(
            program, trace, Goal(Action.RUN_TO), on_frame=lambda frame: True
        )
        if not found.frames:
            break  # a limit of the model's
        predicted.append(found.frames[0])
        tell("frame", compared(found.frames[0], real[number]))
        tell("progress", {"frames": number, "total": len(real)})
    return predicted


async def freely(
    world: WorldModel, program: Program, start: Trace, real: list[Frame], tell: Tell
) -> list[Frame]:
    """The whole run predicted from its start. Raises EngineError."""
    count = 0

    def told(frame: Frame) -> None:
        nonlocal count
        count += 1
        if count < len(real):
            tell("frame", compared(frame, real[count]))
        tell("progress", {"frames": count, "total": len(real)})

    found = await world.predict(program, start, Goal(Action.RUN_TO), on_frame=told)
    return list(found.trace.frames())


@router.post("/evaluate")
async def evaluate(serving: Served, asked: Annotated[EvaluateRequest, Body()]) -> EvaluateAnswer:
    """A predicted trace beside the real one, as CWM's texts. Runs nothing, unless the real one is
    to be traced from `source`."""
    lines = Lines()
    predicted = await to_thread(read, "predicted", asked.predicted, lines)
    if asked.real is not None:
        real = await to_thread(read, "real", asked.real, lines, Provenance.OBSERVED)
    else:
        real = lines.unplaced(await traced(serving, asked))
    pairs = list(zip_longest(predicted, real))
    found = [compared(*pair) for pair in pairs]
    checks = align(predicted, real)
    metrics = {
        "frame_exact": fmean(c.exact for c in checks),
        "state_exact": fmean(c.state for c in checks),
        "action_exact": fmean(c.action for c in checks),
    }
    for name, shares in (
        ("keys", [c.keys for c in checks if c.keys is not None]),
        ("keys_and_values", [c.pairs for c in checks if c.pairs is not None]),
    ):
        if shares:
            metrics[name] = fmean(shares)
    unplaced = [
        one.model_copy(update={"predicted": bare(one.predicted), "real": bare(one.real)})
        for one in found
    ]
    return EvaluateAnswer(
        frames=unplaced, total=len(found), right=sum(one.right for one in found), metrics=metrics
    )


def read(
    name: str, text: str, lines: Lines, provenance: Provenance = Provenance.PREDICTED
) -> list[Frame]:
    """The frames of a text. Raises BadRequest."""
    try:
        frames = [with_provenance(one, provenance) for one in frames_of(text, lines)]
    except ValueError as error:
        raise BadRequest(f"{name}: no trace in CWM's text: {error}") from error
    if not frames:
        raise BadRequest(f"{name}: there is no whole frame in it")
    return frames


async def traced(serving: Serving, asked: EvaluateRequest) -> list[Frame]:
    """The frames of a real run. Raises RunNotAllowed, LaunchError, EntryError."""
    must_allow_run(serving.settings, "tracing `source` runs it")
    program = await to_thread(parsed, asked.source or "", PASTED)
    entry = Entry(asked.function, asked.args)
    await serving.worlds.of(1000).start(program, entry)  # says what is wrong with it
    return (await observe(program, entry, Limits(seconds=RUN_SECONDS))).frames


def bare(frame: FrameView | None) -> FrameView | None:
    """Without a line, which a text does not tell."""
    return None if frame is None else frame.model_copy(update={"line": 0})


def compared(predicted: Frame | None, real: Frame | None) -> ComparedFrame:
    """Two frames at one position, either of which may be missing."""
    view = ComparedFrame(
        predicted=None if predicted is None else FrameView.of(predicted),
        real=None if real is None else FrameView.of(real),
        right=False,
        verdicts={},
    )
    if predicted is None:
        return view
    check = check_frame(predicted, real)
    verdicts = {name: one.verdict for name, one in check.locals.items()}
    return view.model_copy(update={"right": check.right, "verdicts": verdicts})
