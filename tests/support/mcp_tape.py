"""`foreframe mcp` with a tape for a model: `python mcp_tape.py TAPE [PORT]`.

As in `serve_tape`, what has `max_frames` = SLOWLY is predicted slowly, and stderr tells what was
cancelled. Something else writes to stdout meanwhile.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from serve_tape import opener

from foreframe.client.in_process import in_process
from foreframe.mcp.server import run
from foreframe.web.settings import ServeSettings


def main() -> None:
    open_tape = opener(Path(sys.argv[1]))

    def open_world(engine: str, max_frames: int | None) -> Any:
        print("as some library might")
        return open_tape(engine, max_frames)

    port = int(sys.argv[2]) if len(sys.argv) > 2 else None
    settings = ServeSettings(keeps=False, engine="tape", allows_run=True)
    run(in_process(settings, open_world=open_world), port)


if __name__ == "__main__":
    main()
