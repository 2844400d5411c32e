"""Where kept sessions lie: a file for each workspace, in the platform's folder for state.

FOREFRAME_STATE names another folder, or is `off`: nothing is kept then.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

VARIABLE = "FOREFRAME_STATE"
OFF = frozenset({"off", "0", "no", "false", "none"})
SUFFIX = ".sqlite3"

_ODD = re.compile(r"[^\w.-]+", re.ASCII)


def state_folder() -> Path | None:
    """The folder of the files, which need not exist; None: nothing is to be kept."""
    named = os.environ.get(VARIABLE, "").strip()
    if named.lower() in OFF:
        return None
    if named:
        return Path(named).expanduser()
    from platformdirs import user_state_path  # imported late: start-up must not wait for it

    return user_state_path("foreframe", appauthor=False)


def workspace_file(folder: Path, workspace: Path) -> Path:
    """The file of a workspace: named after it, and told apart by a digest of its whole path."""
    import hashlib  # as late: it brings a library for cryptography along

    path = str(workspace.resolve())
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:10]
    name = _ODD.sub("-", workspace.resolve().name).strip("-.")[:40] or "root"
    return folder / f"{name}-{digest}{SUFFIX}"


def workspace_files(folder: Path) -> list[Path]:
    """The files of all workspaces, by name; those that were set aside are not among them."""
    try:
        found = sorted(folder.glob(f"*{SUFFIX}"))
    except OSError:
        return []
    return [path for path in found if ".damaged-" not in path.name]
