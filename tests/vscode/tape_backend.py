"""`foreframe dap` with a tape for a model, for engines named `tape:FILE`; what writes them.

`tape_backend.py record PROGRAM FILE [LIES]` records a run of a module. LIES is a JSON list of
[line, variable, text]: what is predicted there, whatever it is. `tape_backend.py dap` serves.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))


def write(program: Path, to: Path, lies: str) -> None:
    from tape import record, save

    save(record(program.read_text(encoding="utf-8")), to)
    to.with_suffix(".lies").write_text(lies, encoding="utf-8")


def serve() -> None:
    from foreframe.dap.server import serve_stdio
    from foreframe.parties import WorldModel

    def open_world(engine: str, max_frames: int | None) -> WorldModel:
        from state_tape import StateTape
        from tape import load

        file = Path(engine.removeprefix("tape:"))
        lies = json.loads(file.with_suffix(".lies").read_text(encoding="utf-8"))
        return StateTape(load(file), {(line, name): text for line, name, text in lies})

    serve_stdio(open_world=open_world)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["record", program, to, *lies]:
            write(Path(program), Path(to), lies[0] if lies else "[]")
        case _:
            serve()
