"""The language server under load: plain requests on a large file while holes are being filled."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from lsprotocol import types as lsp
from measurement import Measurement, median
from pygls.lsp.client import LanguageClient

from foreframe.filling import Budget, wanted_for
from foreframe.language.analysis import Analysis
from foreframe.language.predictor import Predictor
from foreframe.language.server import open_world

# `math` is no part of what rules can work out: the model has to be asked, and for long.
HOLE = (
    "import math\n# pick([3, 9, 2]) -> 9\n# pick([1, 5]) -> 5\n"
    "def pick(nums):\n    best = nums[0]\n    for n in nums:\n        if ??:\n"
    "            best = math.floor(n)\n    return best\n\n"
)
BLOCK = (
    "def step_{0}(a, b):\n    c = a + b\n    if c > {0}:\n        return c\n"
    "    return pick([c, {0}])\n\n"
    'TABLE_{0} = {{\n    "key 1": [1, {0}],\n    "key 2": [2, {0}],\n}}\n'
)


def large() -> str:
    """5,000 lines, a hole at the top."""
    return HOLE + "".join(BLOCK.format(number) for number in range(499))


async def timed(work: object) -> float:
    """Milliseconds that awaiting takes."""
    began = time.perf_counter()
    await work  # type: ignore[misc]
    return 1000 * (time.perf_counter() - began)


async def session() -> dict[str, float]:
    """p50 and p95 in milliseconds of plain requests, idle and while a hole is being filled."""
    client = LanguageClient("bench", "1")
    await client.start_io(sys.executable, "-c", "from foreframe.cli import main; main()", "lsp")
    await client.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities(), process_id=None))
    client.initialized(lsp.InitializedParams())
    uri, text = "file:///large.py", large()
    client.text_document_did_open(
        lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "python", 1, text))
    )
    document = lsp.TextDocumentIdentifier(uri)

    async def plain() -> list[float]:
        found: list[float] = []
        whole = lsp.Range(lsp.Position(0, 0), lsp.Position(60, 0))
        for _ in range(10):
            found += [
                await timed(client.text_document_code_lens_async(lsp.CodeLensParams(document))),
                await timed(
                    client.text_document_inlay_hint_async(lsp.InlayHintParams(document, whole))
                ),
                await timed(
                    client.text_document_hover_async(
                        lsp.HoverParams(document, lsp.Position(2000, 8))
                    )
                ),
            ]
            await asyncio.sleep(0.05)
        return sorted(found)

    version = 1

    async def typed(keys: str) -> list[float]:
        """Milliseconds from each of these keystrokes to the answer to the first request."""
        nonlocal version
        found: list[float] = []
        for at, key in enumerate(keys):
            version += 1
            place = lsp.Position(2495, at)
            change = lsp.TextDocumentContentChangePartial(lsp.Range(place, place), key)
            began = time.perf_counter()
            client.text_document_did_change(
                lsp.DidChangeTextDocumentParams(
                    lsp.VersionedTextDocumentIdentifier(version, uri), [change]
                )
            )
            await client.text_document_code_lens_async(lsp.CodeLensParams(document))
            found.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(0.1)
        return sorted(found)

    first_answer = await timed(client.text_document_code_lens_async(lsp.CodeLensParams(document)))
    idle = await plain()
    keys = await typed("x = pick([1, 2])  # a line")
    where = lsp.Position(6, 13)
    filling = asyncio.create_task(
        timed(client.text_document_completion_async(lsp.CompletionParams(document, where)))
    )
    await asyncio.sleep(0.1)
    busy = await plain()
    whole_fill = await filling
    client.text_document_did_close(lsp.DidCloseTextDocumentParams(document))
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return {
        "opened, first answer": first_answer,
        "plain request, p50": median(idle),
        "plain request, p95": idle[int(0.95 * len(idle))],
        "first request after a keystroke, p50": median(keys),
        "first request after a keystroke, p95": keys[int(0.95 * len(keys))],
        "plain request during a fill, p50": median(busy),
        "plain request during a fill, p95": busy[int(0.95 * len(busy))],
        "completion at a hole": whole_fill,
    }


async def first_candidates() -> list[float]:
    """Milliseconds until the first tried candidate of each hole task, on the model that ships."""
    tasks = Path(__file__).parent.parent / "holes/tasks.jsonl"
    world = open_world("auto", 120)
    await world.open()
    found: list[float] = []
    for line in tasks.read_text().splitlines():
        analysis = Analysis("/task.py", json.loads(line)["code"])
        assert analysis.program is not None
        hole = analysis.holes[0]
        wanted = wanted_for(hole, analysis.program, analysis.examples)
        began = time.perf_counter()
        fill = Predictor(world).fill(analysis, [hole], wanted, Budget(candidates=1))
        await anext(fill, None)
        found.append(1000 * (time.perf_counter() - began))
        await fill.aclose()
    await world.close()
    return sorted(found)


BOUNDS = {
    "plain request during a fill, p50": 30.0,
    "plain request during a fill, p95": 30.0,
    "first request after a keystroke, p50": 30.0,
    "first request after a keystroke, p95": 30.0,
    "completion at a hole": 1000.0,
}


def measure() -> list[Measurement]:
    """The language server's times, on 5,000 lines."""
    rows = [
        Measurement(f"5,000 lines: {name}", value, "ms", BOUNDS.get(name))
        for name, value in asyncio.run(session()).items()
    ]
    first = asyncio.run(first_candidates())
    return [*rows, Measurement("hole: first candidate, p50", median(first), "ms", 1000.0)]


if __name__ == "__main__":
    for row in measure():
        print(f"{row.name:50} {row.value:10.1f} {row.unit}")
