"""The table of `foreframe trace`, looked at as text."""

import io
import re

import pytest

from foreframe.reality import Run
from foreframe.terminal.story import Ending, Story
from foreframe.terminal.table import TracePrinter, column_widths, printable
from foreframe_protocol.states import End, Event, Frame, Provenance, Usage, Value

ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    """A stream that says it is a terminal, of the encoding that it is given."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self.spoken = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.spoken

    def isatty(self) -> bool:
        return True


def given(text: str) -> Value:
    return Value(text, Provenance.GIVEN)


def seen(text: str) -> Value:
    return Value(text, Provenance.OBSERVED)


def frames(value: str = "2", confidence: float = 0.99) -> list[Frame]:
    """`def f(a): b = a + 1; return b`, as it might be predicted."""
    predicted = Value(value, confidence=confidence)
    a = given("1")
    return [
        Frame(Event.CALL, "f", 1, 1, "def f(a):", {"a": a}),
        Frame(Event.LINE, "f", 1, 2, "    b = a + 1", {"a": a}, confidence=1.0),
        Frame(Event.LINE, "f", 1, 3, "    return b", {"a": a, "b": predicted}, confidence=1.0),
        Frame(Event.RETURN, "f", 1, 3, "    return b", value=predicted, confidence=1.0),
    ]


def real() -> list[Frame]:
    a, b = seen("1"), seen("2")
    return [
        Frame(Event.CALL, "f", 1, 1, "def f(a):", {"a": a}),
        Frame(Event.LINE, "f", 1, 2, "    b = a + 1", {"a": a}),
        Frame(Event.LINE, "f", 1, 3, "    return b", {"a": a, "b": b}),
        Frame(Event.RETURN, "f", 1, 3, "    return b", value=b),
    ]


def shown(
    told: list[Frame], run: Run | None = None, out: io.StringIO | None = None, message: str = ""
) -> str:
    out = out or io.StringIO()
    story = Story(run)
    printer = TracePrinter(out, steps=4, places=3, sources=14, checked=run is not None)
    printer.title("f(1)")
    for frame in told:
        printer.frame(story.add(frame))
    printer.end(story, Ending(End.FINISHED, message, Usage(seconds=1.0), "embedded"))
    return out.getvalue()


def test_a_row_tells_step_place_source_change_and_confidence():
    rows = shown(frames()).splitlines()
    assert rows[4].split() == ["3", "f:3", "return", "b", "b", "=", "2", "99%"]
    assert rows[5].split()[-3:] == ["return", "2", "99%"]


def test_given_arguments_are_called_given():
    assert re.search(r"a = 1 +given", shown(frames()))


def test_a_right_trace_is_said_to_be_right_in_the_last_line():
    text = shown(frames(), Run(real(), End.FINISHED))
    assert text.splitlines()[-1].strip() == "frames 4/4 right, values 5/5, return right"
    assert text.count("✓") == 4


def test_a_wrong_value_stands_beside_the_real_one():
    text = shown(frames("3"), Run(real(), End.FINISHED))
    assert "b = 3 ✗ really 2" in text
    assert text.splitlines()[-1].strip() == "frames 2/4 right, values 3/5, return wrong"


def test_a_value_that_stays_wrong_is_marked_on_the_rows_where_it_stays():
    told = frames("3")
    told.insert(3, told[2])
    truth = real()
    truth.insert(3, truth[2])
    rows = shown(told, Run(truth, End.FINISHED)).splitlines()
    assert "b = 3 ✗ really 2" in rows[4]
    assert "b ✗" in rows[5]
    assert "really" not in rows[5]


def test_a_missing_value_is_told():
    told = frames()
    told[2] = Frame(Event.LINE, "f", 1, 3, "    return b", {"a": given("1")})
    assert "b ✗ missing, really 2" in shown(told, Run(real(), End.FINISHED))


def test_where_traces_part_both_places_are_shown():
    told = frames()
    told[2] = Frame(Event.LINE, "f", 1, 2, "    b = a + 1", {"a": given("1")})
    text = shown(told, Run(real(), End.FINISHED))
    parted = next(row for row in text.splitlines() if "here they part" in row)
    assert "← f:3" in parted
    assert "return b" in parted


def test_frames_beyond_the_end_of_the_real_trace_are_wrong():
    told = frames()
    told[3:3] = [told[2], told[2]]
    text = shown(told, Run(real(), End.FINISHED))
    assert text.count("the real run has ended") == 1
    assert "frames 3/6 right" in text


def test_a_low_confidence_is_marked_by_sign_and_number():
    assert re.search(r"b = 2 \?\?40% +\?\?40%", shown(frames(confidence=0.4)))


def test_no_escape_sequence_goes_into_a_pipe():
    assert "\x1b" not in shown(frames("3"), Run(real(), End.FINISHED))


def test_colour_is_never_the_only_sign(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    text = shown(frames("3"), Run(real(), End.FINISHED), Terminal())
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", text)
    assert "✗" in text


def test_a_terminal_without_utf8_gets_signs_it_can_print(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    text = shown(frames("3"), Run(real(), End.FINISHED), Terminal("ascii"))
    assert ANSI.sub("", text).isascii()
    assert "b = 3 no really 2" in ANSI.sub("", text)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_row_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    text = shown(frames("'" + "x" * 300 + "'"), Run(real(), End.FINISHED), Terminal())
    assert max(len(line) for line in ANSI.sub("", text).splitlines()) <= width


@pytest.mark.parametrize("width", range(40, 240, 20))
def test_columns_fill_the_width(width: int):
    assert sum(column_widths(width, 4, 30, 200)) + 6 <= width + 10
    assert min(column_widths(width, 4, 30, 200)) > 0


def test_what_a_program_holds_cannot_move_the_cursor():
    text = shown(
        [Frame(Event.CALL, "f", 1, 1, "def f(a='\x1b[2J\u202e'):", {"a": given("'\x07'")})]
    )
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert printable("a\x1b[2J") == r"a\x1b[2J"


def test_a_huge_value_is_cut_and_its_length_told():
    assert "(10,000,002 characters)" in shown(frames("'" + "x" * 10_000_000 + "'"))


def test_a_limit_is_told_as_such():
    assert "cut off after 4 frames" in shown(frames(), message="cut off after 4 frames")


def test_a_deleted_name_is_told():
    told = frames()
    told[3:] = [Frame(Event.LINE, "f", 1, 4, "    pass", {"b": Value("2")}, confidence=1.0)]
    assert shown(told).splitlines()[5].split()[3:5] == ["-a", "100%"]
