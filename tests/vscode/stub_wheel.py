"""Writes a wheel named `foreframe` with another command in it: what installing would bring."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

INFO = "foreframe-99.0.dist-info"


def write(folder: Path, command: str) -> Path:
    wheel = folder / "foreframe-99.0-py3-none-any.whl"
    files = {
        "foreframe_stub.py": (
            "import os, sys\n\n\ndef main():\n"
            f"    os.execv({command!r}, [{command!r}, *sys.argv[1:]])\n"
        ),
        f"{INFO}/METADATA": "Metadata-Version: 2.1\nName: foreframe\nVersion: 99.0\n",
        f"{INFO}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{INFO}/entry_points.txt": "[console_scripts]\nforeframe = foreframe_stub:main\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{INFO}/RECORD", "".join(f"{name},,\n" for name in files))
    return wheel


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), sys.argv[2]))
