"""Starts real programs under debugpy for tests, and ends them after."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foreframe.debuggee import Debuggee, LaunchTarget
from foreframe.observation import Observation


class Ear:
    """Keeps what a debuggee tells."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}
        self.has_printed = asyncio.Event()
        self.events: list[tuple[str, Mapping[str, object]]] = []

    def output(self, category: str, text: str) -> None:
        self.written[category] = self.written.get(category, "") + text
        if category == "stdout":
            self.has_printed.set()

    def event(self, name: str, body: Mapping[str, object]) -> None:
        self.events.append((name, body))


class Bench:
    """Starts programs, and ends them after the test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ear = folder, Ear()
        self.started: list[Debuggee] = []

    async def launch(self, source: str, **target: Any) -> Debuggee:
        path = self.folder / "program.py"
        path.write_text(source)
        if "module" not in target:
            target["file"] = str(path)
        debuggee = await Debuggee.launch(LaunchTarget(**target), self.ear)
        self.started.append(debuggee)
        return debuggee

    def ended(self, end: Observation) -> list[str | int | None]:
        """What was written, line by line, and the exit code."""
        written = self.ear.written
        lines = [written.get(category, "").splitlines() for category in ("stdout", "stderr")]
        return [*lines[0], *lines[1], end.exit_code]


def top(seen: Observation) -> tuple[str, int, dict[str, str]]:
    scope = seen.shown[-1]
    return scope.function, scope.line, {n: v.text for n, v in scope.locals.items()}
