"""`make fuzz`: mutated messages to the debug adapter, the language server and the WebSocket, and
requests made of the OpenAPI document.

`run.py [COUNT] [--seed N] [--only KIND]`: COUNT messages in all (200,000). Ends with 1
at the first fault, with the seed that gives it again: a crash, a hang, tasks or memory that are
left behind.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import logging
import os
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

HANG = 120  # seconds, after which it says where it stands, and ends
MOST_GROWTH = 48  # MiB between a quarter of the way and its end
REQUESTS = 1000  # messages for each request of a kind, for each operation
SHARES = {"dap": 0.5, "lsp": 0.15, "socket": 0.35}


def memory() -> float:
    """MiB of this process that are in memory."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return 0.0
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


async def fuzz(kind: str, count: int, seed: int, folder: Path) -> tuple[int, list[str]]:
    """So many messages of one kind, and what was wrong."""
    import fuzzed
    from mutations import Mutator

    done = number = 0
    early = 0.0
    async with fuzzed.application() as app:
        before = len(asyncio.all_tasks())
        while done < count:
            faulthandler.dump_traceback_later(HANG, exit=True)
            mutator = Mutator(seed + number)
            talk: Any = getattr(fuzzed, kind)
            sent, wrong = await talk(mutator, app if kind == "socket" else folder)
            done, number = done + sent, number + 1
            if wrong:
                return done, [f"seed {seed + number - 1}: {text}" for text in wrong]
            if number % 200 == 0:
                gc.collect()
                left = len(asyncio.all_tasks()) - before
                if left > 20:
                    return done, [f"{left} tasks are left behind"]
                if done >= count / 4:
                    early = early or memory()
                print(f"\r{kind}: {done:,} of {count:,}, {memory():.0f} MiB", end="", flush=True)
    faulthandler.cancel_dump_traceback_later()
    gc.collect()
    print(f"\r{kind}: {done:,} messages, {number:,} sessions, {early:.0f} -> {memory():.0f} MiB")
    if early and memory() - early > MOST_GROWTH:
        return done, [f"memory has grown from {early:.0f} to {memory():.0f} MiB"]
    return done, []


def requests(count: int, seed: int) -> list[str]:
    """As many of each kind for each operation of the HTTP API; what was wrong."""
    from openapi_cases import OpenApi

    api = OpenApi()
    for operation in api.operations:
        faulthandler.dump_traceback_later(10 * HANG, exit=True)
        api.ask(operation, count, seed)
    faulthandler.cancel_dump_traceback_later()
    api.close()
    print(f"http: {sum(api.statuses.values()):,} requests, {dict(sorted(api.statuses.items()))}")
    return api.wrong


def main() -> None:
    asked = ArgumentParser(description=__doc__)
    asked.add_argument("count", type=int, nargs="?", default=200_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", choices=[*SHARES, "http"])
    told = asked.parse_args()
    logging.disable(logging.CRITICAL)  # pygls tells of every message that it refuses
    with TemporaryDirectory() as folder:
        os.environ["FOREFRAME_STATE"] = folder
        os.chdir(folder)
        import foreframe.language.server as language

        language.QUIET_SECONDS = 0.0
        for kind, share in (SHARES | {"http": 0.0}).items():
            if told.only not in (None, kind):
                continue
            began = time.monotonic()
            count = told.count if told.only else int(told.count * share)
            if kind == "http":
                wrong = requests(max(told.count // REQUESTS, 5), told.seed)
            else:
                _, wrong = asyncio.run(fuzz(kind, count, told.seed, Path(folder)))
            for text in wrong:
                print(f"\n{kind}: {text}")
            if wrong:
                sys.exit(1)
            print(f"{kind}: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
