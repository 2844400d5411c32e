"""Strings cut where another one stands in them, beside what Python makes of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreframe_models.program import sought

STRINGS = st.text("ab ,'\\\n\u00e9", max_size=8)
PIECES = st.text("ab ,", max_size=2)
NUMBERS = st.integers(-2, 4)
CALLS = st.one_of(
    st.tuples(
        st.sampled_from(["startswith", "endswith"]),
        st.tuples(st.one_of(PIECES, st.lists(PIECES, max_size=2).map(tuple))),
    ),
    st.tuples(st.sampled_from(["startswith", "endswith"]), st.tuples(PIECES, NUMBERS)),
    st.tuples(
        st.sampled_from(["removeprefix", "removesuffix", "partition", "rpartition"]),
        st.tuples(PIECES),
    ),
    st.tuples(st.just("replace"), st.tuples(PIECES, PIECES)),
    st.tuples(st.just("replace"), st.tuples(PIECES, PIECES, NUMBERS)),
    st.tuples(st.sampled_from(["split", "rsplit"]), st.tuples(PIECES, NUMBERS)),
    st.tuples(
        st.sampled_from(["split", "rsplit", "strip", "lstrip", "rstrip"]),
        st.one_of(st.just(()), st.tuples(PIECES), st.just((None,))),
    ),
)


@given(STRINGS, CALLS, st.booleans())
def test_a_call_gives_what_it_gives_in_python(value: str, call: Any, as_bytes: bool) -> None:
    method, args = call
    whole: Any = value
    if as_bytes:
        whole = value.encode()
        args = tuple(one.encode() if isinstance(one, str) else one for one in args)
    found = sought.called(repr(whole), method, [repr(one) for one in args])
    try:
        real = repr(getattr(whole, method)(*args))
    except (TypeError, ValueError):
        assert found is None
    else:
        assert found == real


@pytest.mark.parametrize(
    ("text", "method", "args"),
    [
        ("'abc", "strip", []),  # cut
        ("Name('abc')", "strip", []),
        ("['a']", "replace", ["'a'", "'b'"]),
        ("'a'", "upper", []),  # works something out
        ("'a'", "__class__", []),
        ("'a'", "replace", ["'a'", "b"]),
        ("'a'", "strip", ["<A object at 0x1>"]),
        (repr("a" * 200), "replace", ["''", repr("b" * 200)]),  # longer than any value that is told
    ],
)
def test_of_what_is_no_plain_string_or_no_cutting_nothing_is_told(
    text: str, method: str, args: list[str]
) -> None:
    assert sought.called(text, method, args) is None
