"""Values as a tree: pages, what is cut, unknown or returned, and how sure it is."""

from __future__ import annotations

from tape import record

from foreframe.dap.variables import MAX_PAGE, Named, Variables, percent, shown_stack
from foreframe_protocol.states import Event, Frame, Provenance, Trace, Value
from foreframe_protocol.values import parse_value


def named(value: Value) -> Named:
    return Named("x", parse_value(value.text, cut=value.cut), value, "x")


def opened(value: Value, kind: str | None = None, start: int = 0, count: int | None = None):
    """The parts of a value as (name, value) pairs."""
    variables = Variables()
    reference = variables.variable(named(value))["variablesReference"]
    page = variables.page(reference, kind, start, count)
    return [(part["name"], part["value"]) for part in page]


def test_a_long_list_without_pages_says_what_is_left():
    parts = opened(Value(repr(list(range(MAX_PAGE + 500)))))
    assert len(parts) == MAX_PAGE + 1
    assert parts[-1] == ("…", "500 more")


def test_a_page_is_only_what_was_asked_for():
    value = Value(repr(list(range(5000))))
    assert opened(value, "indexed", 4998, 10) == [("4998", "4998"), ("4999", "4999")]
    assert opened(value, "named") == []


def test_a_cut_value_shows_what_is_known_and_that_it_is_cut():
    value = Value("{'a': 1, 'b': [2, 3", cut=True)
    assert Variables().variable(named(value))["value"].endswith("… (cut off)")
    parts = opened(value)
    assert parts[0] == ("'a'", "1")
    assert parts[-1][0] == "…"
    assert "not known" in parts[-1][1]


def test_an_unknown_value_cannot_be_opened_and_says_so():
    variable = Variables().variable(named(Value("[compute()]", Provenance.UNKNOWN)))
    assert variable["value"] == "<unknown> [compute()]"
    assert variable["variablesReference"] == 0


def test_a_name_that_an_opaque_value_hides_is_no_expression():
    value = Value("{<A object at 0x1>, 3}")
    variables = Variables()
    reference = variables.variable(named(value))["variablesReference"]
    assert all("evaluateName" not in part for part in variables.page(reference, None, 0, None))


def test_probabilities_are_never_rounded_up_to_certainty():
    assert [percent(p) for p in (1.0, 0.999, 0.99, 0.874, 0.004)] == [
        ">99%",
        ">99%",
        "99%",
        "87%",
        "0%",
    ]


def shown(trace: Trace) -> dict[str, str]:
    """The innermost locals, pseudo variables included."""
    variables = Variables()
    (scope, *_) = variables.scopes(trace, len(shown_stack(trace.state)) - 1)
    page = variables.page(scope["variablesReference"], None, 0, None)
    return {variable["name"]: variable["value"] for variable in page}


def until(frames: list[Frame], event: Event) -> Trace:
    """The trace up to the first frame with this event."""
    trace = Trace()
    for frame in frames:
        trace = trace.append(frame)
        if frame.event is event:
            return trace
    raise AssertionError(event)


def test_a_scope_left_by_an_exception_shows_what_was_raised_not_none():
    source = "def f():\n    raise KeyError('k')\n\ntry:\n    f()\nexcept KeyError:\n    pass\n"
    frames = record(source)
    assert shown(until(frames, Event.EXCEPTION)) == {"(exception)": "KeyError: 'k'"}
    assert shown(until(frames, Event.RETURN)) == {"(raised) f": "KeyError: 'k'"}


def test_numbers_are_never_used_twice():
    variables = Variables()
    first = variables.frame_id(0)
    assert variables.frame_id(0) == first
    variables.forget()
    assert variables.frame_id(0) != first
