"""Garbage in the language server: left alone while people type, freed when they pause."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from foreframe.language.garbage import TOLERATED, Garbage


class Document:
    """Refers to itself, as a program and its functions do."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_known_is_not_looked_through_until_enough_of_it_is_old():
    garbage, document = Garbage(), Document()
    garbage.keep()
    gone = weakref.ref(document)
    del document
    gc.collect()
    assert gone() is not None
    garbage.tidy()
    assert gone() is not None
    for _ in range(TOLERATED):
        garbage.keep()
    garbage.tidy()
    assert gone() is None
    assert gc.get_freeze_count() > 0


def test_nothing_is_looked_through_while_documents_are_parsed():
    garbage = Garbage()
    with garbage.held():
        with garbage.held():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
