"""`make bench`: runs each bench_*.py beside this file (`measure() -> list[Measurement]`)."""

import importlib
import json
import os
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from measurement import Measurement
from rich.console import Console
from rich.table import Table


def main() -> None:
    """Measures, prints one table; with `--json FILE` also writes the numbers there.

    One that fails does not keep the others from being measured: it is named, and the end is 1.
    """
    found: list[Measurement] = []
    failed: list[str] = []
    folder = TemporaryDirectory()  # sessions are kept, but not among the user's
    os.environ["FOREFRAME_STATE"] = folder.name
    console = Console() if sys.stdout.isatty() else Console(width=120)
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"{path.stem} ...", file=sys.stderr, flush=True)
        try:
            found += importlib.import_module(path.stem).measure()
        except (Exception, SystemExit):
            traceback.print_exc()
            failed.append(path.stem)
    table = Table("what", "measured", "unit", "bound", "")
    for row in found:
        sign = {True: "kept", False: "MISSED", None: ""}[row.kept]
        table.add_row(row.name, f"{row.value:,.4g}", row.unit, row.bound, sign)
    console.print(table)
    if "--json" in sys.argv:
        file = Path(sys.argv[sys.argv.index("--json") + 1])
        file.write_text(json.dumps([asdict(row) for row in found], indent=1) + "\n")
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
