"""Starts of a trace: arguments bound to signatures without running anything."""

import ast

import pytest

from foreframe_models.entry import EntryError, bind_arguments
from foreframe_protocol.states import Provenance

SOURCE = """
SIZE = 5
LATE = 1
LATE = 2

def plain(a, b=SIZE, *rest, key=[1], **more): ...
def positional(a, /, b): ...
def unknown(now=clock(), late=LATE): ...
def numbers():
    yield 1
def outer():
    def inner():
        yield 1
    return list(inner())
async def later(): ...

class Box:
    def method(self): ...
    @staticmethod
    def make(x): ...

if SIZE:
    def conditional(x): ...
"""
TREE = ast.parse(SOURCE)


def texts(name: str, args: str) -> dict[str, str]:
    return {name: value.text for name, value in bind_arguments(TREE, name, args).items()}


def test_locals_come_in_the_order_of_cpython_with_defaults_filled_in() -> None:
    found = bind_arguments(TREE, "plain", "1")
    assert list(found) == ["a", "b", "key", "rest", "more"]
    assert {n: v.text for n, v in found.items()} == {
        "a": "1", "b": "5", "key": "[1]", "rest": "()", "more": "{}",
    }  # fmt: skip
    assert {v.provenance for v in found.values()} == {Provenance.GIVEN}


def test_arguments_are_normalised_to_their_repr() -> None:
    assert texts("positional", '"it",{1:  (2,)}') == {"a": "'it'", "b": "{1: (2,)}"}
    assert texts("plain", "1, 2, 3, 4, key=5, other=6") == {
        "a": "1", "b": "2", "key": "5", "rest": "(3, 4)", "more": "{'other': 6}",
    }  # fmt: skip


def test_a_default_that_text_does_not_fix_is_unknown() -> None:
    found = bind_arguments(TREE, "unknown", "")
    assert found["now"].text == "clock()"
    assert {v.provenance for v in found.values()} == {Provenance.UNKNOWN}


def test_static_methods_and_functions_under_a_condition_are_found() -> None:
    assert texts("Box.make", "1") == {"x": "1"}
    assert texts("conditional", "1") == {"x": "1"}
    assert texts("outer", "") == {}


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("plane", "", "no function 'plane' in this file; there is plain"),
        ("plain", "", "missing a required argument: 'a'"),
        ("positional", "1, b=2, c=3", "unexpected keyword argument 'c'"),
        ("plain", "x", "'x' is not a Python literal"),
        ("plain", "__import__('os').system('true')", "not a Python literal"),
        ("plain", "1) + (2", "not a list of arguments"),
        ("plain", "1,,", "not valid Python"),
        ("plain", "**{'a': 1}", "write each argument by its name"),
        ("plain", "1, '\\x00'\x00", "not valid Python"),
        ("plain", "[" * 5000 + "]" * 5000, "not valid Python"),
        ("numbers", "", "generator function"),
        ("later", "", "coroutine function"),
        ("Box.method", "1", "is a method"),
    ],
)
def test_a_wrong_start_is_refused_with_what_to_change(name: str, args: str, message: str) -> None:
    with pytest.raises(EntryError, match=r".*") as caught:
        bind_arguments(TREE, name, args)
    assert message in str(caught.value)
