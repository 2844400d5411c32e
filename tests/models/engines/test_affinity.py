"""Which replica a session goes to."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from foreframe_models.engines.affinity import ALONE, UNENDED_TOKENS, order, ranked, session_key

END = 7
NAMES = [f"http://machine{number}:8000" for number in range(5)]
KEYS = [session_key([number, END], {END}) for number in range(400)]

keys = st.binary(min_size=16, max_size=16)


@given(st.lists(st.integers(8, 200_000), max_size=50), st.lists(st.integers(0, 200_000)))
def test_a_trace_that_grows_keeps_its_key(context: list[int], trace: list[int]) -> None:
    assert session_key([*context, END, *trace], {END}) == session_key([*context, END], {END})


def test_other_programs_and_other_arguments_have_other_keys() -> None:
    assert len(set(KEYS)) == len(KEYS)
    assert session_key([1, 2, END], {END}) != session_key([1, END, 2, END], {END})


def test_a_prompt_whose_context_never_ends_is_known_by_its_beginning() -> None:
    long = list(range(10, 10 + 2 * UNENDED_TOKENS))
    assert session_key(long, {END}) == session_key(long[:-1], {END})
    assert session_key([], {END}) == session_key([], set())


@given(keys, st.permutations(NAMES))
def test_the_order_of_the_addresses_does_not_matter(key: bytes, names: list[str]) -> None:
    assert names[ranked(key, names)[0]] == NAMES[ranked(key, NAMES)[0]]


@given(keys, st.integers(0, 4))
def test_a_replica_that_leaves_takes_only_its_own_sessions_along(key: bytes, gone: int) -> None:
    left = [name for name in NAMES if name != NAMES[gone]]
    before = [NAMES[index] for index in ranked(key, NAMES)]
    after = [left[index] for index in ranked(key, left)]
    assert after == [name for name in before if name != NAMES[gone]]


def test_sessions_are_spread_over_all_replicas() -> None:
    counted = Counter(ranked(key, NAMES)[0] for key in KEYS)
    assert len(counted) == 5
    assert max(counted.values()) < 2 * min(counted.values())


@given(keys, st.sets(st.integers(0, 4)), st.lists(st.integers(0, 300), min_size=5, max_size=5))
def test_all_replicas_are_tried_once_and_those_that_are_down_last(
    key: bytes, down: set[int], loads: list[int]
) -> None:
    tried = order(key, NAMES, loads, down)
    assert sorted(tried) == [0, 1, 2, 3, 4]
    if len(down) < 5:
        assert down.isdisjoint(tried[: 5 - len(down)])


@given(keys)
def test_a_crowd_at_one_replica_sends_others_elsewhere_and_a_few_do_not(key: bytes) -> None:
    first, second, *_ = ranked(key, NAMES)
    few, many = [0] * 5, [0] * 5
    few[first], many[first] = ALONE - 1, 100
    assert order(key, NAMES, few)[0] == first
    assert order(key, NAMES, many)[0] == second
    assert order(key, NAMES, [100] * 5)[0] == first
