"""The one way to a prediction: a trace so far and a goal in, the frames walked through out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from foreframe_models.backward import front, predict_past
from foreframe_models.dialects import open_dialect
from foreframe_models.dialects.base import Asked, Dialect, MalformedFrame
from foreframe_models.dialects.way_back import usage_of
from foreframe_models.engines.base import (
    Engine,
    EngineAborted,
    EngineError,
    Finish,
    Request,
)
from foreframe_models.entry import Entry, EntryError, bind_arguments
from foreframe_models.grammar import GrammarTooLarge, NothingFollows
from foreframe_models.jumps import aim_of
from foreframe_models.program.certain import says_the_same
from foreframe_models.prompts import Prompts
from foreframe_models.walks import Walk, given
from foreframe_protocol.states import (
    NO_LOCALS,
    Direction,
    End,
    Event,
    Frame,
    Goal,
    Prediction,
    State,
    Trace,
    Usage,
    Value,
    left_entry,
)

if TYPE_CHECKING:
    from foreframe_models.inputs import Guess, Outcome
    from foreframe_models.program.control_flow import Program

__all__ = ["Entry", "EntryError", "WorldModel"]

GRAMMARS_KEPT = 64  # of each program
OnFrame = Callable[[Frame], bool | None]  # True ends the walk on that frame


class WorldModel:
    """Predicts what a program would do, through an engine and the dialect of its model.

    `max_frames` bounds a whole trace, `max_tokens` what one action may generate. `as_written`:
    frames are the model's own, with nothing put right (see `program/certain.py`). Traces are
    immutable; this object keeps only caches of how they were written.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        max_frames: int = 1000,
        max_tokens: int = 20_000,
        as_written: bool = False,
    ) -> None:
        self.engine = engine
        self.as_written = as_written
        self.max_frames, self.max_tokens = max_frames, max_tokens
        self._dialect: Dialect | None = None
        self._prompts = Prompts()
        self._grammars: WeakKeyDictionary[Program, dict[object, str | None]] = WeakKeyDictionary()

    async def open(self) -> Dialect:
        """Opens the engine once. Raises EngineError; a later call tries again."""
        if self._dialect is None:
            self._dialect = open_dialect(self.engine, await self.engine.open())
        return self._dialect

    async def close(self) -> None:
        """Closes the engine."""
        self._dialect = None
        await self.engine.close()

    async def start(self, program: Program, entry: Entry) -> Trace:
        """The trace that stands on the entry scope's call. Needs no engine.

        Raises EntryError when the program has no such function or the arguments do not fit it.
        """
        if entry.function is None:
            scope, line, given = program.functions[0], 1, dict(NO_LOCALS)
        else:
            given = bind_arguments(program.tree, entry.function, entry.args)
            scope = program.find(entry.function)
            line = scope.def_line
        frame = Frame(
            Event.CALL, scope.qualname, scope.scope_line, line, program.line_text(line), given
        )
        return Trace().append(frame)

    async def guess_inputs(
        self,
        program: Program,
        function: str,
        outcome: Outcome,
        n: int = 4,
        *,
        on_guess: Callable[[Guess], None] | None = None,
    ) -> list[Guess]:
        """Arguments that would lead to an outcome, the best first: see `inputs.guess_inputs`."""
        from foreframe_models.inputs import guess_inputs

        return await guess_inputs(self, program, function, outcome, n, on_guess=on_guess)

    def begin(self, program: Program, state: State) -> Trace:
        """A trace from any stack of scopes, without what led there."""
        return Trace(state)

    async def prompt(self, program: Program, trace: Trace) -> tuple[int, ...]:
        """What the model reads before it goes on from `trace`, as token ids. Raises EngineError."""
        ids, _ = await self._prompts.of(await self.open(), program, trace)
        return ids

    async def predict(
        self,
        program: Program,
        trace: Trace,
        goal: Goal,
        *,
        on_frame: OnFrame | None = None,
        priority: int = 0,
        max_tokens: int | None = None,
    ) -> Prediction:
        """Walks on from `trace` until the goal, the program's end or a limit.

        Backward: from its first frame on, to what came before; see `predict_past`. Forward:
        `on_frame` gets each frame as it is complete; if it answers True the walk ends there, with
        End.CANCELLED unless the frame is an end by itself. Cancelling the
        task ends the request at the engine. `max_tokens` is a tighter limit than that of the whole
        model. Raises EngineError; what was finished before it is its `partial`.
        """
        limit = self.max_tokens if max_tokens is None else min(max_tokens, self.max_tokens)
        if goal.direction is Direction.BACKWARD:
            way = (await self.open()).way_back(program, front(trace))
            return await predict_past(
                way, program, trace, goal, max_frames=self.max_frames, max_tokens=limit,
                on_frame=on_frame, priority=priority,
            )  # fmt: skip
        walk = Walk(trace, trace, Usage(), time.monotonic(), limit)
        if trace.frame is not None and left_entry(trace.frame):
            return walk.prediction(End.FINISHED, "the program has ended")
        try:
            dialect = await self.open()
            return await self._walk(dialect, program, walk, goal, on_frame, priority)
        except EngineError as error:
            error.partial = walk.prediction(End.FAILED, str(error))
            raise

    async def jump(
        self,
        program: Program,
        trace: Trace,
        goal: Goal,
        *,
        priority: int = 0,
        max_tokens: int | None = None,
    ) -> Prediction:
        """One frame in place of all that lead to the goal, within the scope that is on top.

        The goal is its return (STEP_OUT), its next line (STEP_OVER) or one line of it (RUN_TO). A
        quick guess, where `predict` walks: nobody knows the frames between, so the new trace is
        `skipped`. Ends also where the scope is left before the goal; the message says so then.
        Raises EngineError, of it CannotJump for a goal or a model that knows no jumps.
        """
        limit = self.max_tokens if max_tokens is None else min(max_tokens, self.max_tokens)
        walk = Walk(trace, trace, Usage(), time.monotonic(), limit)
        if trace.frame is not None and left_entry(trace.frame):
            return walk.prediction(End.FINISHED, "the program has ended")
        if trace.state.event is Event.EXCEPTION:  # where it leads to is fixed, or the next frame
            return await self.predict(program, trace, goal, priority=priority)
        try:
            dialect = await self.open()
            aim = aim_of(goal, trace.state)
            asked = await asyncio.to_thread(dialect.jump, program, trace, aim)
            known, _ = await self._prompts.of(dialect, program, trace)
            prompt = (*known, *asked.ids)
            room = dialect.info.context_tokens - len(prompt)
            request = Request(prompt, min(room, limit), asked.grammar, priority=priority)
            finish = await self._request(dialect, program, walk, goal, request, None, asked)
            last = walk.trace.frame
            if last is None or walk.trace is trace:
                if finish is Finish.LENGTH:
                    return walk.prediction(End.CUT_OFF, "cut off: the frame is too long")
                raise EngineAborted("the model ended its answer before a frame was complete")
        except EngineError as error:
            error.partial = walk.prediction(End.FAILED, str(error))
            raise
        met = aim.meets(last)
        if last.event is Event.EXCEPTION:
            last = replace(last, event=Event.RETURN, value=Value("None"), confidence=None)
            walk.trace = walk.trace.append(last)
        message = "" if met else f"{last.function} was left on line {last.line} before that"
        return walk.prediction(End.FINISHED if left_entry(last) else End.REACHED, message)

    async def _walk(
        self,
        dialect: Dialect,
        program: Program,
        walk: Walk,
        goal: Goal,
        on_frame: OnFrame | None,
        priority: int,
    ) -> Prediction:
        """Requests until an end: one, unless the grammar or the context is too small for all."""
        one_frame = False
        while True:
            if walk.trace.length >= self.max_frames:
                return walk.prediction(End.CUT_OFF, f"cut off after {self.max_frames} frames")
            left = walk.max_tokens - walk.usage.generated_tokens - walk.usage.forced_tokens
            if left <= 0:
                return walk.prediction(End.CUT_OFF, f"cut off after {walk.max_tokens} tokens")
            prompt, walk.left_out = await self._prompts.of(dialect, program, walk.trace)
            try:
                grammar = await self._grammar(dialect, program, walk.trace, goal, one_frame)
            except NothingFollows:
                line = walk.trace.state.top.line
                return walk.prediction(
                    End.CUT_OFF, f"cut off: line {line} goes on for ever, and nothing changes"
                )
            if grammar is None:
                one_frame = True
                continue
            prompt += walk.forced
            room = dialect.info.context_tokens - len(prompt)
            request = Request(prompt, min(room, left), grammar, priority=priority)
            before, forced = walk.trace, walk.forced
            finish = await self._request(dialect, program, walk, goal, request, on_frame)
            last = walk.trace.frame
            if walk.trace is not before and last is not None:
                if left_entry(last):
                    return walk.prediction(End.FINISHED)
                if goal.reached(walk.start.state, last):
                    return walk.prediction(End.REACHED)
            if walk.ended:
                return walk.prediction(End.CANCELLED)
            if walk.trace is before:
                if len(walk.forced) > len(forced):  # a part was put right: once more from there
                    continue
                if finish is Finish.LENGTH:
                    return walk.prediction(
                        End.CUT_OFF, "cut off: the next frame does not fit the model's context"
                    )
                raise EngineAborted("the model ended its answer before a frame was complete")

    async def _request(
        self,
        dialect: Dialect,
        program: Program,
        walk: Walk,
        goal: Goal,
        request: Request,
        on_frame: OnFrame | None,
        jump: Asked | None = None,
    ) -> Finish | None:
        """Streams one answer into `walk`, frame by frame; a jump's is one frame."""
        reader = dialect.reader(program, walk.trace) if jump is None else jump.reader
        begun, walk.forced = walk.forced, ()
        if begun:
            await reader.feed(given(begun))
        walk.usage += Usage(requests=1)
        stream = self.engine.stream(request)
        finish: Finish | None = None
        done = False
        try:
            async for chunk in stream:
                if done and chunk.ids:
                    return finish
                walk.usage += usage_of(chunk)
                finish = chunk.finish or finish
                for told, ids in await reader.feed(chunk):
                    frame = told
                    if jump is None and not self.as_written:
                        right = program.certain.parts(walk.trace, told)
                        walk.forced = dialect.write_parts(program, walk.trace, right)
                        if len(walk.forced) > len(begun):
                            return finish
                        walk.forced, begun = (), ()
                        next_too = dialect.tells_upcoming
                        frame = program.certain.settled(walk.trace, told, upcoming=next_too)
                    walk.trace = walk.trace.append(frame, skipped=jump is not None)
                    is_written = says_the_same(frame, told)
                    if is_written:
                        self._prompts.keep(walk.trace, ids)
                    if on_frame is not None and on_frame(frame):
                        walk.ended = True
                        return finish
                    # The grammar ends a walk by itself, and only the totals are still to come;
                    # an engine that does not keep to it is ended here.
                    done = left_entry(frame) or goal.reached(walk.start.state, frame)
                    if done or jump is not None:
                        break
                    # After what was put right the model is to go on from what is right.
                    if walk.trace.length >= self.max_frames or not is_written:
                        return finish
        except MalformedFrame as error:
            raise EngineAborted(f"the model's answer is no legal frame: {error}") from error
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()
        return finish

    async def _grammar(
        self, dialect: Dialect, program: Program, trace: Trace, goal: Goal, one_frame: bool
    ) -> str | None:
        """What the model may write; None when a grammar of whole walks would be too large.

        Built in a thread: a file of thousands of lines takes a second. Kept by stack and goal.
        """
        state = trace.state
        stack = tuple((s.function, s.scope_line, s.line, *s.locals) for s in state.stack)
        returned = state.value.text if state.event is Event.RETURN and state.value else None
        key = (stack, state.event, returned == "None", goal, one_frame)
        known = self._grammars.setdefault(program, {})
        if key not in known:
            try:
                known[key] = await asyncio.to_thread(
                    dialect.grammar, program, trace, goal, one_frame=one_frame
                )
            except GrammarTooLarge:
                if one_frame:
                    raise
                known[key] = None
            if len(known) > GRAMMARS_KEPT:
                known.pop(next(iter(known)))
        return known[key]
