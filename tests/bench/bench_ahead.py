"""What predicting ahead gains: sixty mixed steps by someone who reads, with it and without.

The pause to read is FOREFRAME_READING_PAUSE seconds, 2 by default: two minutes in all.
"""

import asyncio
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench_trace import PROGRAM
from measurement import Measurement, median

from foreframe.dap.adapter import Adapter
from foreframe_models.engines import open_engine
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import Prediction
from foreframe_protocol.wire import Decoder, Message, encode

READING = float(os.environ.get("FOREFRAME_READING_PAUSE", "2"))  # seconds
SHORT = 0.1  # seconds, where nothing happens meanwhile
STEPS = 60
TRIES = {"next": 10, "stepIn": 6, "stepOut": 1, "continue": 1, "stepBack": 2}  # of 20
MAX_FRAMES = 200  # of a trace: a small model may go round a loop for ever
ENTRY = {"function": "count", "args": "['a ', 'B', 'b', '', 'c', 'B ']"}
BREAKPOINT = 16  # a line of PROGRAM, in the loop


@dataclass
class Steps:
    """What sixty steps were like: milliseconds from a request to `stopped`, both on the wire."""

    all: list[float] = field(default_factory=list)
    forward: list[float] = field(default_factory=list)  # that needed a frame nobody had seen
    hits: list[float] = field(default_factory=list)  # of those, that asked the model for nothing


class Asked(WorldModel):
    """A world model that counts what steps ask of it, apart from what is asked ahead of them."""

    steps = 0

    async def predict(self, *args: Any, priority: int = 0, **options: Any) -> Prediction:
        self.steps += priority == 0
        return await super().predict(*args, priority=priority, **options)


class Person:
    """Who steps, and looks at each stop as an editor does.

    `world` predicts; `options` are of the launch.
    """

    def __init__(self, program: Path, engine: str, world: type[Asked], **options: object) -> None:
        self.program, self.world, self.options = program, world, options
        self.told: list[Message] = []
        self.news = asyncio.Event()
        self.decoder = Decoder()
        self.worlds: list[Asked] = []
        self.adapter = Adapter(self.receive, self.open_world, engine)
        self.seq = 0
        self.last: dict[str, Any] = {}  # what the last event that was waited for told

    def open_world(self, engine: str, max_frames: int | None) -> Asked:
        world = self.world(open_engine(engine), max_frames=max_frames or MAX_FRAMES)
        self.worlds.append(world)
        return world

    def receive(self, message: Message) -> None:
        self.told += self.decoder.feed(encode(message))  # type: ignore[arg-type]
        self.news.set()

    def send(self, command: str, **arguments: object) -> None:
        self.seq += 1
        message = {"seq": self.seq, "type": "request", "command": command, "arguments": arguments}
        for sent in Decoder().feed(encode(message)):
            self.adapter.receive(sent)

    async def until(self, *names: str) -> str:
        """The name of the first of these events; all that was told before it is forgotten."""
        while True:
            for index, message in enumerate(self.told):
                if message.get("event") in names:
                    del self.told[: index + 1]
                    self.last = message.get("body") or {}
                    return str(message["event"])
            self.news.clear()
            await self.news.wait()

    async def begin(self) -> None:
        self.send("initialize", adapterID="bench")
        launch = {"program": str(self.program), "maxFrames": MAX_FRAMES, **self.options}
        self.send("launch", stopOnEntry=True, **launch)
        await self.until("initialized")
        source = {"path": str(self.program)}
        self.send("setBreakpoints", source=source, breakpoints=[{"line": BREAKPOINT}])
        self.send("configurationDone")
        await self.until("stopped")

    def look(self) -> None:
        """What an editor asks for at a stop."""
        self.send("threads")
        self.send("stackTrace", threadId=1, startFrame=0, levels=20)
        frame = self.told[-1]["body"]["stackFrames"][0]["id"]  # type: ignore[index]
        self.send("scopes", frameId=frame)
        for scope in self.told[-1]["body"]["scopes"]:  # type: ignore[index]
            self.send("variables", variablesReference=scope["variablesReference"])

    async def step(self, command: str, steps: Steps) -> None:
        """One step; from the beginning again where the program is over, or cut off.

        Nobody steps out of where the program begins.
        """
        timeline = self.adapter._current.begun.timeline
        if command == "stepOut" and len(timeline.cursor.state.stack) == 1:
            command = "next"
        length, asked = timeline.tip.length, self.worlds[-1].steps
        began = time.perf_counter()
        self.send(command, threadId=1)
        event = await self.until("stopped", "terminated")
        took = (time.perf_counter() - began) * 1000
        steps.all.append(took)
        if timeline.tip.length > length:
            steps.forward.append(took)
            if self.worlds[-1].steps == asked:
                steps.hits.append(took)
        if event == "terminated" or self.last.get("description") == "Cut off":
            self.send("restart")
            await self.until("stopped")


async def stepped(person: Person, count: int, pause: float) -> Steps:
    """The same steps every time, whatever they meet."""
    chance, steps = random.Random(4), Steps()
    await person.begin()
    for _ in range(count):
        person.look()
        await asyncio.sleep(pause)
        await person.step(chance.choices([*TRIES], [*TRIES.values()])[0], steps)
    await person.adapter.close()
    return steps


def compared(
    name: str,
    engine: str,
    source: str,
    *,
    steps: int = STEPS,
    pause: float = READING,
    world: type[Asked] = Asked,
    most: float | None = None,
    **options: object,
) -> list[Measurement]:
    """The same steps without it, then with it; half of them take `most` milliseconds."""
    with TemporaryDirectory() as folder:
        program = Path(folder) / "program.py"
        program.write_text(source)

        def walk(pause: float, **more: object) -> Steps:
            person = Person(program, engine, world, **options, **more)
            return asyncio.run(stepped(person, steps, pause))

        plain, ahead = walk(SHORT, lookAheadTokens=0), walk(pause)
    rate = 100 * len(ahead.hits) / max(1, len(ahead.forward))
    least = 0.0 if not ahead.hits else median(ahead.hits)
    return [
        Measurement(f"{name}: a step without looking ahead, p50", median(plain.all), "ms"),
        Measurement(f"{name}: a step without looking ahead, p95", high(plain.all), "ms"),
        Measurement(f"{name}: the same step with it, p50", median(ahead.all), "ms", most=most),
        Measurement(
            f"{name}: the same step with it, p95", high(ahead.all), "ms", most=high(plain.all)
        ),
        Measurement(f"{name}: new steps that ask the model for nothing", rate, "%"),
        Measurement(f"{name}: such a step from wire to wire, p50", least, "ms"),
    ]


def high(values: list[float]) -> float:
    """The 95th percentile."""
    return sorted(values)[int(len(values) * 0.95)]


def measure() -> list[Measurement]:
    """The embedded engine's numbers."""
    return compared("ahead, embedded", "embedded", PROGRAM, most=10, **ENTRY)


if __name__ == "__main__":
    for row in measure():
        print(f"{row.name:60} {row.value:9.3f} {row.unit} {row.bound}")
