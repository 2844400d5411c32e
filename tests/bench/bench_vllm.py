"""What a step costs through a vLLM server: a tiny CWM with random weights, on the CPU.

It runs in the environment that `make test-vllm` sets up; without it there is nothing to measure.
FOREFRAME_VLLM_URL names one that runs already.
The numbers are of the way to a server and back, and not of CWM, which is 10,000 times as large.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_ahead import Asked, compared, high
from measurement import Measurement, median

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from tiny_vllm import NoServer, tiny_vllm  # noqa: E402

from foreframe_models.dialects.base import Dialect  # noqa: E402
from foreframe_models.dialects.cwm import CwmDialect  # noqa: E402
from foreframe_models.engines import open_engine  # noqa: E402
from foreframe_models.program.control_flow import Program  # noqa: E402
from foreframe_models.world_model import Entry  # noqa: E402
from foreframe_protocol.states import Action, End, Goal, Usage  # noqa: E402

PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
STEPS = 20
PAUSE = 1.0  # seconds to read
# Nothing here changes a value: random weights would write on it without an end.
SOURCE = "def wait(words, limit):\n" + "    words\n    limit\n" * 14 + "    return None\n"
ARGS = "['a ', 'B', 'b'], 3"


class Tame(Asked):
    """Raises nothing: a model of random weights would on every other line."""

    async def open(self) -> Dialect:
        dialect = await super().open()
        assert isinstance(dialect, CwmDialect)
        dialect.exceptions = "none"
        return dialect


def measure() -> list[Measurement]:
    """Numbers of a real server, if there is one to start."""
    if not PYTHON.exists():
        print("bench_vllm: skipped, no .venv-vllm: `make test-vllm` makes it", file=sys.stderr)
        return []
    try:
        with server() as url:
            usages = asyncio.run(steps(url))
            entry = {"function": "wait", "args": ARGS}
            ahead = compared(
                "ahead, vllm", url, SOURCE, steps=STEPS, pause=PAUSE, world=Tame, **entry
            )
    except NoServer as error:
        print(f"bench_vllm: skipped: {error}", file=sys.stderr)
        return []
    later, spent = usages[1:], [1e3 * usage.seconds for usage in usages[1:]]
    written = sum(usage.generated_tokens + usage.forced_tokens for usage in later)
    cached = 100 * sum(u.cached_tokens for u in later) / sum(u.prompt_tokens for u in later)
    return [
        Measurement("vllm, tiny CWM on the CPU: a step over, p50", median(spent), "ms"),
        Measurement("vllm, tiny CWM on the CPU: a step over, p95", high(spent), "ms"),
        Measurement("vllm: requests per step", sum(u.requests for u in later) / len(later), "", 1),
        Measurement("vllm: tokens per step", written / len(later), "tokens"),
        Measurement("vllm: prompt tokens from the cache, later steps", cached, "%"),
        *ahead,
    ]


@contextmanager
def server() -> Iterator[str]:
    """The address of one. Raises NoServer."""
    if url := os.environ.get("FOREFRAME_VLLM_URL"):
        yield url
        return
    with TemporaryDirectory() as folder, tiny_vllm(PYTHON, Path(folder)) as (url, _):
        yield url


async def steps(url: str) -> list[Usage]:
    """What each step over costs."""
    model = Tame(open_engine(url))
    usages: list[Usage] = []
    try:
        program = Program.parse(SOURCE, "wait.py")
        trace = await model.start(program, Entry("wait", ARGS))
        while len(usages) < STEPS:
            answer = await model.predict(program, trace, Goal(Action.STEP_OVER))
            trace = answer.trace
            usages.append(answer.usage)
            if answer.end is not End.REACHED:
                break
    finally:
        await model.close()
    return usages


if __name__ == "__main__":
    for row in measure():
        print(f"{row.name:60} {row.value:9.3f} {row.unit} {row.bound}")
