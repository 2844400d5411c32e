"""A person's file, changed and written back: whole or not at all, its line ends and BOM kept."""

from __future__ import annotations

import codecs
import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from foreframe.errors import NotFilled

_ENDS = re.compile(r"\r\n|\r|\n")


def rewritten(before: bytes, text: str) -> bytes:
    """`text`, its lines ended by `\\n`, as bytes in the way that the file is written.

    Each line keeps its own end where as many lines as before are there, else all get that of the
    first. `before` is UTF-8, with a byte order mark or without.
    """
    ends = _ENDS.findall(before.decode("utf-8-sig"))
    lines = text.split("\n")
    if len(lines) != len(ends) + 1:
        ends = [ends[0] if ends else "\n"] * (len(lines) - 1)
    joined = "".join(line + end for line, end in zip(lines, [*ends, ""], strict=True))
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    return mark + joined.encode("utf-8")


def replace_file(path: Path, before: bytes, after: bytes) -> None:
    """Puts `after` in the place of `before`: whoever reads the file sees one of them, whole.

    A link stays one. Raises NotFilled when the file is no longer `before`, or cannot be written.
    """
    target = path.resolve()
    new: Path | None = None
    try:
        if target.read_bytes() != before:
            raise NotFilled(f"{path}: it has changed meanwhile: nothing was written, try again")
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            new = Path(file.name)
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, new)
        os.replace(new, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotFilled(f"{path}: nothing was written: {reason}") from error
    finally:
        if new is not None:
            with suppress(FileNotFoundError):
                new.unlink()
