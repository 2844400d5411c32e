"""What is asked of a session, done: one function for each kind of action."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from foreframe.editing import Target
from foreframe.errors import BadArguments, NotStopped
from foreframe.history import shown_stack
from foreframe.searching import wanted
from foreframe.timeline import level
from foreframe_protocol.api import (
    Act,
    ActionAnswer,
    FrameView,
    GoTo,
    LookAhead,
    Pause,
    RestartFrame,
    SearchTimeline,
    SetBreakpoints,
    SetLine,
    SetVariable,
    Step,
)
from foreframe_protocol.states import Action, Direction, Frame, Goal

if TYPE_CHECKING:
    from foreframe.web.live import LiveSession


async def act(
    live: LiveSession, asked: Act, wait: float, key: str = ""
) -> tuple[ActionAnswer, bool]:
    """Does it, and waits for where it leads for `wait` seconds; whether that has come.

    What was done under the same `key` before the server was started anew is not done again.
    Raises SessionError, ExpressionError, BadArguments, EngineError.
    """
    if key and key == live.done:
        return ActionAnswer(session=live.view()), True
    live.asked(key)
    session = live.session
    found: bool | None = None
    text = ""
    ahead: list[FrameView] = []
    match asked:
        case Step():
            session.step(asked.action, asked.direction)
            live.begun()
        case Pause():
            if not session.pause():
                text = "nothing was under way"
        case GoTo():
            session.go_to(asked.step, asked.branch)
            live.begun()
        case SetVariable():
            index = scope_of(live, asked.scope)
            session.edit(index, Target(asked.name, tuple(asked.path)), asked.value)
            live.begun()  # so that the answer waits until the stop is on disk
            live.stopped(session.timeline.cursor)
        case SetLine():
            session.set_line(asked.line)
            live.begun()
        case RestartFrame():
            session.restart_frame(scope_of(live, asked.scope))
            live.begun()
        case SearchTimeline():
            standing(live)
            search = wanted(
                session,
                asked.wanted,
                condition=asked.condition or "",
                name=asked.name or "",
                line=asked.line,
                direction=asked.direction,
            )
            at = session.search(search, asked.direction)
            found = at is not None
            if at is not None:
                text = at.text
                live.begun()
            else:
                where = "before" if asked.direction is Direction.BACKWARD else "after"
                text = f"not found in what is known {where} this stop"
        case LookAhead():
            standing(live)
            ahead = [FrameView.of(frame) for frame in await look_ahead(live, asked.frames)]
        case SetBreakpoints():
            live.set_breakpoints(asked.breakpoints)
            await live.remember()
    is_done = await live.settled(wait) if waits(asked) else True
    if is_done and waits(asked):
        text = text or live.trouble
    answer = ActionAnswer(session=live.view(), found=found, text=text, ahead=ahead)
    return answer, is_done


def waits(asked: Act) -> bool:
    """Whether an action ends with a stop."""
    return not isinstance(asked, SetBreakpoints | LookAhead)


def standing(live: LiveSession) -> None:
    """Raises NotStopped where there is no stop to look at."""
    if live.session.is_running or live.session.is_over:
        raise NotStopped("the program is being predicted, or it has ended")


def scope_of(live: LiveSession, scope: int | None) -> int:
    """A scope of the stack that is shown, the innermost if none is named.

    Raises NotStopped or BadArguments.
    """
    standing(live)
    state = live.timeline.cursor.state
    if scope is None:
        return level(state)
    shown = len(shown_stack(state))
    if scope >= shown:
        raise BadArguments(f"scope: there is no scope {scope}: there are {shown}, from 0")
    return scope


async def look_ahead(live: LiveSession, frames: int) -> list[Frame]:
    """The frames that come next: those that are known, then predicted ones. Raises EngineError."""
    timeline, session = live.timeline, live.session
    known = [node.frame for node in timeline.ahead()[:frames] if node.frame is not None]
    missing = frames - len(known)
    if missing <= 0:
        return known
    numbers = count(1)
    prediction = await session.world.predict(
        session.program,
        timeline.branch.model,
        Goal(Action.RUN_TO),
        on_frame=lambda frame: next(numbers) >= missing,
    )
    return [*known, *prediction.frames]
