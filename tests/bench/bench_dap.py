"""What the adapter adds: its start, its answers, and what it costs to look at a stop.

The model is a tape that answers at once, so that the time is the adapter's own.
"""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from measurement import Measurement, median

SUPPORT = Path(__file__).parents[1] / "support"
sys.path.insert(0, str(SUPPORT))

from tape import TapeWorld, record, save  # noqa: E402

from foreframe.dap.adapter import Adapter  # noqa: E402
from foreframe_protocol.wire import Decoder, Message, encode  # noqa: E402

NAMES = {"response": "command", "event": "event"}
FOREFRAME = Path(sys.executable).with_name("foreframe")
STARTS = 7
STEPS = 300
PAUSE = 0.2  # seconds an editor takes between the answer to `initialize` and `launch`
SOURCE = """\
def smooth(values, width):
    found = []
    total = 0
    seen = {"low": 0, "high": 0}
    for index in range(len(values)):
        window = values[max(0, index - width):index + 1]
        total = sum(window)
        mean = total / len(window)
        if mean < 5:
            seen["low"] += 1
        else:
            seen["high"] += 1
        found.append(round(mean, 2))
    return found, seen

smooth(list(range(10)) * 6, 3)
"""


class Editor:
    """A client over pipes that waits for each answer."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.decoder = Decoder()
        self.waiting: list[Message] = []
        self.seq = 0

    def send(self, command: str, **arguments: object) -> None:
        assert self.process.stdin is not None
        self.seq += 1
        message = {"seq": self.seq, "type": "request", "command": command, "arguments": arguments}
        self.process.stdin.write(encode(message))
        self.process.stdin.flush()

    def until(self, kind: str, name: str) -> Message:
        """The next response or event of this name."""
        assert self.process.stdout is not None
        while True:
            while self.waiting:
                message = self.waiting.pop(0)
                if message["type"] == kind and name in (
                    message.get("event"),
                    message.get("command"),
                ):
                    return message
            data = self.process.stdout.read1(1 << 16)  # type: ignore[attr-defined]
            if not data:
                raise RuntimeError(f"it ended with {self.process.wait()} before {kind} {name}")
            self.waiting += self.decoder.feed(data)  # type: ignore[arg-type]

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def measure() -> list[Measurement]:
    """Milliseconds, and the ratio to what Python itself takes to start an event loop."""
    with TemporaryDirectory() as folder:
        program, tape = Path(folder) / "program.py", Path(folder) / "program.tape"
        program.write_text(SOURCE)
        frames = record(SOURCE)
        save(frames, tape)
        starts, bare = zip(*((started(), bare_start()) for _ in range(STARTS)), strict=True)
        answers, stops = stepped(program, tape)
        looks = asyncio.run(looked(program, TapeWorld(frames)))
        firsts = [first_stop(program) for _ in range(STARTS)]
    start = median(list(starts))
    return [
        Measurement("dap: process start to the answer to initialize", start, "ms", most=300),
        Measurement("dap: that, in starts of python with asyncio", start / median(list(bare)), "x"),
        Measurement("dap: launch to the first stop, embedded", median(firsts), "ms", most=1000),
        *spread("dap: answer to next", answers, most=5),
        *spread("dap: next to stopped, without the model", stops, most=3),
        *spread("dap: stack, scopes and variables at a stop", looks, most=2),
    ]


def spread(name: str, values: list[float], most: float) -> list[Measurement]:
    """The middle of the values, bounded, and their 95th percentile."""
    high = sorted(values)[int(len(values) * 0.95)]
    return [
        Measurement(f"{name}, p50", median(values), "ms", most=most),
        Measurement(f"{name}, p95", high, "ms"),
    ]


def started() -> float:
    """Milliseconds from process start to the first answer."""
    begin = time.perf_counter()
    editor = Editor(str(FOREFRAME), "dap")
    editor.send("initialize", adapterID="bench")
    editor.until("response", "initialize")
    took = time.perf_counter() - begin
    editor.close()
    return took * 1000


def bare_start() -> float:
    """Milliseconds that Python takes to start and import asyncio."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import asyncio"], check=True)
    return (time.perf_counter() - begin) * 1000


def first_stop(program: Path) -> float:
    """Milliseconds from `launch` to the first stop, with the model that ships."""
    editor = Editor(str(FOREFRAME), "dap")
    editor.send("initialize", adapterID="bench")
    editor.until("response", "initialize")
    time.sleep(PAUSE)
    begin = time.perf_counter()
    editor.send("launch", program=str(program), stopOnEntry=True)
    editor.until("event", "initialized")
    editor.send("configurationDone")
    editor.until("event", "stopped")
    took = time.perf_counter() - begin
    editor.close()
    return took * 1000


def stepped(program: Path, tape: Path) -> tuple[list[float], list[float]]:
    """Milliseconds from each `next` to its response, and to its `stopped`."""
    editor = Editor(sys.executable, str(SUPPORT / "tape_adapter.py"), str(tape))
    editor.send("initialize", adapterID="bench")
    editor.send("launch", program=str(program), stopOnEntry=True)
    editor.until("event", "initialized")
    editor.send("configurationDone")
    editor.until("event", "stopped")
    answers: list[float] = []
    stops: list[float] = []
    for _ in range(STEPS):
        begin = time.perf_counter()
        editor.send("stepIn", threadId=1)
        editor.until("response", "stepIn")
        answers.append((time.perf_counter() - begin) * 1000)
        editor.until("event", "stopped")
        stops.append((time.perf_counter() - begin) * 1000)
    editor.close()
    return answers, stops


async def looked(program: Path, world: TapeWorld) -> list[float]:
    """Milliseconds for stackTrace, scopes and variables, without a transport."""
    told: list[Message] = []
    news = asyncio.Event()

    def receive(message: Message) -> None:
        told.append(message)
        news.set()

    adapter = Adapter(receive, lambda engine, frames: world)

    async def event(name: str) -> None:
        while not any(message.get("event") == name for message in told):
            await news.wait()
            news.clear()
        told.clear()

    def ask(command: str, **arguments: object) -> dict[str, list[dict[str, int]]]:
        adapter.receive({"seq": 1, "type": "request", "command": command, "arguments": arguments})
        return told[-1]["body"]  # type: ignore[return-value]

    adapter.receive({"seq": 1, "type": "request", "command": "initialize"})
    launch = {"program": str(program), "stopOnEntry": True}
    adapter.receive({"seq": 1, "type": "request", "command": "launch", "arguments": launch})
    await event("initialized")
    adapter.receive({"seq": 1, "type": "request", "command": "configurationDone"})
    await event("stopped")
    looks: list[float] = []
    for _ in range(STEPS):
        step = {"threadId": 1}
        adapter.receive({"seq": 1, "type": "request", "command": "stepIn", "arguments": step})
        await event("stopped")
        begin = time.perf_counter()
        frame = ask("stackTrace", threadId=1, levels=20)["stackFrames"][0]
        for scope in ask("scopes", frameId=frame["id"])["scopes"]:
            ask("variables", variablesReference=scope["variablesReference"])
        looks.append((time.perf_counter() - begin) * 1000)
    await adapter.close()
    return looks


if __name__ == "__main__":
    for row in measure():
        print(f"{row.name:55} {row.value:9.3f} {row.unit} {row.bound}")
