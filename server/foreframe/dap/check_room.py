"""Check mode over DAP: the real program is started, comparisons and the report are events."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from foreframe.dap.conversation import Body
from foreframe.dap.current import Current
from foreframe.errors import BadOption, ForeframeError, NotKnown

if TYPE_CHECKING:
    from foreframe.checked_program import CheckedProgram
    from foreframe.checking import Comparison
    from foreframe.dap.launch import Launch
    from foreframe.debuggee import LaunchTarget
    from foreframe.session import Session
    from foreframe.timeline import Stop
    from foreframe_protocol import dap_arguments as asked
    from foreframe_protocol.alignment import ValueCheck
    from foreframe_protocol.dap_arguments import LaunchArguments
    from foreframe_protocol.states import Scope, Trace

SendEvent = Callable[[str, Mapping[str, object]], None]


class RealOutput:
    """What a real program writes, as output events. A debuggee's listener."""

    def __init__(self, event: SendEvent) -> None:
        self._event = event

    def output(self, category: str, text: str) -> None:
        """Not marked as predicted, as what a model thinks of printing is."""
        from foreframe.checked_program import is_noise

        if not is_noise(text):
            self._event("output", {"category": category, "output": text})

    def event(self, name: str, body: Mapping[str, object]) -> None:
        """What else its debugger tells is for the session."""


class CheckRoom:
    """Knows of the real program beside a session, if its mode is "check"."""

    def __init__(self, current: Current, event: SendEvent) -> None:
        self._current, self._event = current, event
        self._program: CheckedProgram | None = None
        self._updates: set[asyncio.Task[None]] = set()
        self._is_told = False  # the report

    async def start(self, launched: Launch) -> CheckedProgram | None:
        """Starts the real program if there is to be one; it runs nothing of the user's yet.

        Raises LaunchError or DebuggeeError.
        """
        arguments = launched.arguments
        if arguments.mode != "check":
            return None
        from foreframe.checked_program import CheckedProgram

        target = target_of(arguments, launched.program.path)
        return await CheckedProgram.open(launched.program, target, RealOutput(self._event))

    def begin(self, session: Session, program: CheckedProgram | None) -> None:
        """The session goes with this program from now on."""
        self._program, self._is_told = program, False
        if program is None:
            return
        from foreframe.lockstep import Lockstep, Resync

        resync = Resync(self._current.launched.arguments.resync or Resync.REALITY)
        session.lockstep = Lockstep(session.walker, program, resync=resync)
        program.watch(lambda: session.stopping)

    def changed(self) -> None:
        """Breakpoints were set: also where the real program runs at the moment."""
        session = self._current.live
        if self._program is None or session is None or not session.is_running:
            return
        task = asyncio.create_task(self._update(self._program))
        self._updates.add(task)
        task.add_done_callback(self._updates.discard)

    async def _update(self, program: CheckedProgram) -> None:
        with suppress(ForeframeError):  # the step under way tells what has become of it
            await program.update()

    def stopped(self, stop: Stop) -> None:
        """Tells the comparison at a stop, before the stop itself."""
        if stop.comparison is not None:
            self._event("foreframe/comparison", self._compared(stop.comparison))

    def ended(self) -> None:
        """Tells the report, once."""
        session = self._current.live
        if session is None or session.lockstep is None or self._is_told:
            return
        self._is_told = True
        report = session.lockstep.scores.report()
        text = "".join(f"foreframe: {line}\n" for line in report.lines())
        self._event("output", {"category": "console", "output": text})
        self._event("foreframe/report", report.as_json())

    def own_comparison(self, arguments: asked.NoArguments) -> Body:
        """The comparison at the stop that is shown."""
        comparison = self._current.stop.comparison
        if comparison is None:
            raise NotKnown("nothing is compared at this stop")
        return self._compared(comparison)

    def own_report(self, arguments: asked.NoArguments) -> Body:
        """The report as it is by now."""
        lockstep = self._current.session.lockstep
        if lockstep is None:
            raise NotKnown('nothing is checked in this session: launch it with "mode": "check"')
        return lockstep.scores.report().as_json()

    def _compared(self, comparison: Comparison) -> dict[str, object]:
        step = self._current.session.timeline.here()
        value = comparison.value
        return {
            "step": None if step is None else step.number,
            "right": comparison.right,
            "place": comparison.place.value,
            "predicted": self._place(comparison.predicted),
            "real": self._place(comparison.real),
            "counts": {verdict.value: n for verdict, n in comparison.counts().items()},
            "value": None if value is None else checked("", value),
            "scopes": [
                {
                    "verdict": one.line.value,
                    "predicted": self._scope(one.predicted),
                    "real": self._scope(one.real),
                    "values": [checked(name, check) for name, check in one.sorted()],
                }
                for one in comparison.scopes
            ],
        }

    def _place(self, trace: Trace) -> dict[str, object]:
        frame = trace.frame
        assert frame is not None
        return {
            "event": frame.event.value,
            "function": frame.function,
            "line": self._current.line_out(frame.line),
            "depth": frame.depth,
        }

    def _scope(self, scope: Scope | None) -> dict[str, object] | None:
        if scope is None:
            return None
        return {"function": scope.function, "line": self._current.line_out(scope.line)}


def checked(name: str, check: ValueCheck) -> dict[str, object]:
    """A value with its verdict."""
    predicted, real = check.predicted, check.real
    return {
        "name": name,
        "verdict": check.verdict.value,
        "predicted": None if predicted is None else predicted.text,
        "confidence": None if predicted is None else predicted.confidence,
        "real": None if real is None else real.text,
    }


def target_of(arguments: LaunchArguments, path: str) -> LaunchTarget:
    """What is run of a launch configuration. Raises BadOption."""
    from foreframe.dap.launch import literals
    from foreframe.debuggee import LaunchTarget

    if arguments.resync not in (None, "reality", "free"):
        raise BadOption(
            f'`resync`: {arguments.resync!r} is neither "reality" (each prediction begins from '
            'what was observed) nor "free" (from where the last prediction ended)'
        )
    path = os.path.abspath(path)
    cwd = os.path.abspath(arguments.cwd) if arguments.cwd else str(Path(path).parent)
    return LaunchTarget(
        file=path,
        function=arguments.function or None,
        args=literals(arguments.args) if arguments.function else "",
        python=arguments.python,
        cwd=cwd,
        env=arguments.env,
        just_my_code=arguments.just_my_code,
    )
