"""What all tests share: sessions are kept in a folder of their own, never in the user's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from tempfile import TemporaryDirectory

import pytest

from foreframe.memory.folder import VARIABLE


@pytest.fixture(scope="session", autouse=True)
def state_folder() -> Iterator[str]:
    """Processes that tests start keep their sessions there too."""
    with TemporaryDirectory(prefix="foreframe-state-", ignore_cleanup_errors=True) as folder:
        before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = folder
        yield folder
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
