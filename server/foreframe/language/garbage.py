"""The collection of garbage in the language server, when nobody is kept waiting.

A file of thousands of lines is a hundred thousand objects: to go through all of them, as Python
does now and then, takes longer than to answer a request.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

TOLERATED = 24  # documents that are read from their beginning, and may have left some


class Garbage:
    """What is known of the documents, kept out of Python's own collections."""

    def __init__(self) -> None:
        self._replaced = 0
        self._parsing = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """While a document is parsed: Python would go through all of the tree as it grows.

        That takes as long again as parsing, and no other thread runs meanwhile.
        """
        self._parsing += 1
        gc.disable()
        try:
            yield
        finally:
            self._parsing -= 1
            if not self._parsing:
                gc.enable()

    def keep(self) -> None:
        """A large document has been read: from now on, nothing that is there is looked through.

        An edit makes few objects, and what it replaces is freed without being looked for.
        """
        self._replaced += 1
        gc.freeze()

    def tidy(self) -> None:
        """At a quiet time: frees what documents may have left, if there have been some.

        It takes 0.1 s for all that the server has loaded, in which nothing is answered.
        """
        if self._replaced <= TOLERATED:
            return
        self._replaced = 0
        gc.unfreeze()
        gc.collect()
        gc.freeze()
