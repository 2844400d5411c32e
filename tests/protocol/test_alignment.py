"""Predicted traces beside real ones."""

from foreframe_protocol.alignment import check_frame, ending, tally
from foreframe_protocol.states import Event, Frame, Provenance, Value, Verdict


def line(number: int, depth: int = 0, function: str = "f", **locals_: str) -> Frame:
    shown = {name: Value(text) for name, text in locals_.items()}
    return Frame(Event.LINE, function, 1, number, "    ...", shown, depth=depth)


def returned(text: str, number: int = 3, depth: int = 0, function: str = "f") -> Frame:
    return Frame(Event.RETURN, function, 1, number, "    ...", value=Value(text), depth=depth)


def raised(text: str) -> Frame:
    return Frame(Event.EXCEPTION, "f", 1, 3, "    ...", value=Value(text))


def verdicts(predicted: Frame, real: Frame) -> dict[str, Verdict]:
    return {name: check.verdict for name, check in check_frame(predicted, real).locals.items()}


def test_each_value_gets_its_verdict():
    assert verdicts(line(1, a="1", b="2", c="3"), line(1, a="1", b="3", d="4")) == {
        "a": Verdict.MATCH,
        "b": Verdict.DIFFERS,
        "c": Verdict.EXTRA,
        "d": Verdict.MISSING,
    }


def test_a_number_of_another_type_is_a_difference():
    assert verdicts(line(1, a="1"), line(1, a="1.0")) == {"a": Verdict.DIFFERS}


def test_the_order_of_a_set_is_no_difference():
    assert verdicts(line(1, a="{1, 2}"), line(1, a="{2, 1}")) == {"a": Verdict.MATCH}


def test_an_address_makes_no_frame_wrong():
    there = "<f.A object at 0x7f0000000010>"
    check = check_frame(line(1, a="<f.A object at 0x7fffffffff10>"), line(1, a=there))
    assert check.locals["a"].verdict is Verdict.NOT_COMPARABLE
    assert check.right


def test_a_value_that_was_cut_is_compared_as_far_as_it_goes():
    real = Frame(Event.LINE, "f", 1, 1, "", {"a": Value("'abc", Provenance.OBSERVED, cut=True)})
    assert verdicts(line(1, a="'abcdef'"), real)["a"] is not Verdict.DIFFERS
    assert verdicts(line(1, a="'xyz'"), real)["a"] is Verdict.DIFFERS


def test_another_line_of_the_same_scope_is_a_wrong_place_whose_values_compare():
    check = check_frame(line(1, a="1"), line(2, a="1"))
    assert not check.same_place
    assert not check.right
    assert check.locals["a"].verdict is Verdict.MATCH


def test_another_activation_of_the_same_function_does_not_compare():
    check = check_frame(line(1, depth=1, a="1"), line(1, depth=2, a="1"))
    assert not check.same_place
    assert check.values == []


def test_a_right_trace_counts_full():
    trace = (line(1, a="1"), line(2, a="1", b="2"), returned("2"))
    found = tally([check_frame(f, f) for f in trace], trace, ended=True)
    assert str(found) == "frames 3/3 right, values 4/4, return right"


def test_values_that_were_never_predicted_count_as_wrong():
    real = (line(1, a="1"), line(2, a="1", b="2"), returned("2"))
    predicted = (line(1, a="1"), returned("1", 1))
    checks = [check_frame(p, r) for p, r in zip(predicted, real, strict=False)]
    assert str(tally(checks, real, ended=True)) == ("frames 1/3 right, values 1/4, return wrong")


def test_values_that_cannot_be_compared_are_counted_apart():
    trace = (line(1, a="<object object at 0x7f00>", b="1"), returned("1"))
    elsewhere = line(1, a="<object object at 0x7f10>", b="1")
    checks = [check_frame(elsewhere, trace[0]), check_frame(trace[1], trace[1])]
    found = tally(checks, trace, ended=True)
    assert (found.values, found.not_comparable) == (2, 1)
    assert str(found) == "frames 2/2 right, values 2/2 (1 not comparable), return right"


def test_an_exception_that_leaves_the_entry_scope_is_the_outcome():
    trace = (line(1, a="1"), raised("ValueError: no"), returned("None"))
    assert ending(list(trace)) is trace[1]
    checks = [check_frame(f, f) for f in trace]
    assert tally(checks, trace, ended=True).outcome == "exception right"
    wrong = (trace[0], raised("KeyError: 1"), trace[2])
    other = [check_frame(p, r) for p, r in zip(wrong, trace, strict=True)]
    assert tally(other, trace, ended=True).outcome == "exception wrong"


def test_a_return_where_an_exception_was_real_is_wrong():
    real = (line(1, a="1"), raised("ValueError: no"), returned("None"))
    checks = [check_frame(line(1, a="1"), real[0]), check_frame(returned("None"), real[1])]
    assert tally(checks, real, ended=True).outcome == "exception wrong"


def test_a_trace_that_was_cut_off_has_no_outcome():
    trace = (line(1, a="1"),)
    checks = [check_frame(f, f) for f in trace]
    assert tally(checks, trace, ended=False).outcome == "end not reached"
