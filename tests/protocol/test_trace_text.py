"""CWM's trace format: byte for byte both ways, in any chunking, errors with their place."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foreframe_protocol.states import (
    Event,
    Frame,
    Provenance,
    Scope,
    State,
    Value,
)
from foreframe_protocol.trace_text import (
    SEPARATORS,
    FrameParser,
    MalformedTrace,
    Piece,
    Place,
    RawFrame,
    Segment,
    Separator,
    Span,
    compared_with,
    json_string,
    merged,
    parse_text,
    resolve,
    special,
    to_text,
    write_context,
    write_frame,
    write_trace,
)

IN_MAIN = State((Scope("main", 1, 1),), Event.CALL)

# A run of f([3]) from main: a list that grows in place, a call inside, a value of two dots.
SMALL_TRACE = (
    "<|line_sep|>{}<|action_sep|>    return f([3])\n<|frame_sep|>"
    '<|call_sep|>{"xs": "[3]"}<|action_sep|>def f(xs):\n<|frame_sep|>'
    '<|line_sep|>{"xs": ".."}<|action_sep|>    y = twice(xs[0])\n<|frame_sep|>'
    '<|call_sep|>{"n": "3"}<|action_sep|>def twice(n):\n<|frame_sep|>'
    '<|line_sep|>{"n": ".."}<|action_sep|>    return 2 * n\n<|frame_sep|>'
    '<|return_sep|><|action_sep|>    return 2 * n\n<|arg_sep|>"6"<|frame_sep|>'
    '<|line_sep|>{"xs": "..", "y": "6"}<|action_sep|>    xs.append("é\\"\\\\n")\n<|frame_sep|>'
    '<|line_sep|>{"xs": "[3, \'é\\"\\\\\\\\n\']", "y": ".."}<|action_sep|>    return int("x")\n'
    "<|frame_sep|>"
    '<|exception_sep|><|action_sep|>    return int("x")\n'
    "<|arg_sep|>\"ValueError: invalid literal for int() with base 10: 'x'\"<|frame_sep|>"
    '<|return_sep|><|action_sep|>    return int("x")\n<|arg_sep|>"None"<|frame_sep|>'
    '<|return_sep|><|action_sep|>    return f([3])\n<|arg_sep|>"None"<|frame_sep|>'
    "<|end_of_text|>"
)


def read(pieces: list[Piece]) -> list[RawFrame]:
    parser = FrameParser()
    frames = [frame for piece in pieces for frame in parser.feed(piece)]
    parser.finish()
    return frames


def resolved(raws: list[RawFrame], state: State) -> list[Frame]:
    frames = []
    for raw in raws:
        frame = resolve(raw, state, Place("f", 1, 1))
        state = state.after(frame)
        frames.append(frame)
    return frames


def texts(frame: Frame) -> dict[str, str]:
    assert frame.locals is not None
    return {name: value.text for name, value in frame.locals.items()}


def failure(text: str) -> MalformedTrace:
    with pytest.raises(MalformedTrace) as caught:
        read(parse_text(text))
    return caught.value


several = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])

# Strategies. Texts are anything that is one line or one repr, separators' texts among them.

HOSTILE = st.sampled_from(["..", *(s.text for s in SEPARATORS), '"', "\\", "\\u002e.", "{}", '"}'])
CHARACTERS = st.sampled_from("ab.\"\\'{}<|>_:, \n\r\t\0\x1f\x85\u2028é😀")
TEXTS = st.lists(CHARACTERS | HOSTILE, max_size=6).map("".join)
LINES = TEXTS.filter(lambda text: "\n" not in text)
VALUES = TEXTS.map(Value)
LOCALS = st.dictionaries(TEXTS, VALUES, max_size=4)


@st.composite
def traces(draw: st.DrawFn) -> list[Frame]:
    """Frames of a run that starts with a call and never leaves its entry scope's caller."""
    state, frames = State(), []
    for _ in range(draw(st.integers(0, 12))):
        left = state.event is Event.RETURN
        depth = len(state.stack) - left
        events = [Event.CALL]
        if depth:
            events += [Event.LINE, Event.LINE, Event.RETURN, Event.EXCEPTION]
        event = draw(st.sampled_from(events))
        source = draw(LINES)
        if event in (Event.CALL, Event.LINE):
            shown = draw(LOCALS)
            old = compared_with(state) or {}
            kept = draw(st.sets(st.sampled_from(sorted(old)))) if old else set()
            shown |= {name: old[name] for name in kept}
            frame = Frame(event, "f", 1, 1, source, shown, None, depth - (event is Event.LINE))
        else:
            frame = Frame(event, "f", 1, 1, source, None, draw(VALUES), depth - 1)
        frames.append(frame)
        state = state.after(frame)
    return frames


def chunked(draw: st.DrawFn, pieces: list[Piece]) -> list[Piece]:
    chunks: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Separator):
            chunks.append(piece)
            continue
        cuts = sorted(draw(st.sets(st.integers(0, len(piece)), max_size=5)))
        bounds = [0, *cuts, len(piece)]
        chunks += [piece[a:b] for a, b in pairwise(bounds)]
    return chunks


# Both ways


def test_stored_text_read_to_frames_and_written_again_is_the_same_bytes() -> None:
    frames = resolved(read(parse_text(SMALL_TRACE)), IN_MAIN)
    assert to_text(write_trace(frames, IN_MAIN, end=True)) == SMALL_TRACE


def test_two_dots_are_looked_up_in_the_activations_own_previous_frame() -> None:
    frames = resolved(read(parse_text(SMALL_TRACE)), IN_MAIN)
    assert [frame.depth for frame in frames] == [0, 1, 1, 2, 2, 2, 1, 1, 1, 1, 0]
    assert texts(frames[4]) == {"n": "3"}
    assert texts(frames[6]) == {"xs": "[3]", "y": "6"}
    assert texts(frames[7]) == {"xs": "[3, 'é\"\\\\n']", "y": "6"}
    assert frames[8].value == Value("ValueError: invalid literal for int() with base 10: 'x'")
    assert frames[9].locals is None


@several
@given(traces())
def test_frames_written_as_pieces_and_read_again_are_the_same_frames(frames: list[Frame]) -> None:
    assert resolved(read(write_trace(frames, end=True)), State()) == frames


@several
@given(traces())
def test_pieces_read_to_frames_and_written_again_are_the_same_pieces(frames: list[Frame]) -> None:
    pieces = merged(write_trace(frames, end=True))
    assert merged(write_trace(resolved(read(pieces), State()), end=True)) == pieces


@several
@given(traces(), st.data())
def test_any_chunking_gives_the_same_frames(frames: list[Frame], data: st.DataObject) -> None:
    pieces = write_context("code\n") + write_trace(frames, end=True)
    assert read(data.draw(st.composite(chunked)(pieces))) == read(pieces)


@several
@given(TEXTS)
def test_text_cut_into_pieces_joins_to_the_same_text(text: str) -> None:
    pieces = parse_text(text)
    assert to_text(pieces) == text
    assert all(pieces)


def test_a_separator_in_a_programs_own_text_survives_as_text() -> None:
    source, value = 'print("<|frame_sep|>")', Value("'<|return_sep|><|end_of_text|>'")
    frame = Frame(Event.CALL, "f", 1, 1, source, {"x": value})
    (raw,) = read(write_frame(frame))
    assert (raw.source, raw.locals) == (source, {"x": value.text})


def test_no_text_equals_a_separator() -> None:
    for separator in SEPARATORS:
        texts: list[object] = [separator.value, separator.text]
        assert separator not in texts
    parser = FrameParser()
    with pytest.raises(MalformedTrace):
        parser.feed("<|call_sep|>")


def test_special_tokens_are_named_as_in_cwm() -> None:
    assert special("frame_sep") == "<|frame_sep|>"
    assert special(Separator.TRACE_CONTEXT_START) == "<|trace_context_start|>"
    assert len({separator.text for separator in SEPARATORS}) == 10
    with pytest.raises(ValueError, match="no_sep"):
        special("no_sep")


# Writing


def test_values_are_json_strings_with_nothing_escaped_but_what_must_be() -> None:
    shown = {"s": Value("'é\u2028\t\\'"), "n": Value("1")}
    pieces = write_frame(Frame(Event.LINE, "f", 1, 2, "  go()", shown), {"n": Value("2")})
    assert pieces == [
        Separator.LINE,
        '{"s": "\'é\u2028\\t\\\\\'", "n": "1"}',
        Separator.ACTION,
        "  go()\n",
        Separator.FRAME,
    ]


def test_a_lone_surrogate_is_escaped_so_that_the_text_can_be_encoded() -> None:
    assert json_string("\ud800é") == '"\\ud800é"'
    assert json.loads(json_string("\ud800é")) == "\ud800é"


def test_a_call_frame_writes_everything_even_over_an_equal_caller() -> None:
    frame = Frame(Event.CALL, "f", 1, 1, "def f(n):", {"n": Value("1")})
    assert write_frame(frame, {"n": Value("1")})[1] == '{"n": "1"}'


def test_a_generator_resumed_by_a_call_writes_everything() -> None:
    x = {"x": Value("1")}
    frames = [
        Frame(Event.CALL, "g", 1, 1, "def g(x):", x),
        Frame(Event.RETURN, "g", 1, 2, "  yield x", None, Value("1")),
        Frame(Event.CALL, "g", 1, 2, "  yield x", x),
    ]
    assert write_trace(frames)[-4] == '{"x": "1"}'


def test_a_variable_that_went_and_came_back_is_written_out() -> None:
    line, x = Event.LINE, {"x": Value("1")}
    frames = [
        Frame(line, "f", 1, 2, "a", x),
        Frame(line, "f", 1, 3, "b", {}),
        Frame(line, "f", 1, 4, "c", x),
    ]
    written = [p for p in write_trace(frames, IN_MAIN) if isinstance(p, str) and p[0] == "{"]
    assert written == ['{"x": "1"}', "{}", '{"x": "1"}']


def test_a_repr_of_two_dots_is_told_apart_from_unchanged() -> None:
    frames = [
        Frame(Event.CALL, "f", 1, 1, "def f(x):", {"x": Value("..")}),
        Frame(Event.LINE, "f", 1, 2, "pass", {"x": Value(".."), "y": Value("..")}),
    ]
    pieces = write_trace(frames)
    assert pieces[1] == '{"x": "\\u002e."}'
    assert pieces[6] == '{"x": "..", "y": "\\u002e."}'
    assert json.loads(str(pieces[6])) == {"x": "..", "y": ".."}
    raws = read(pieces)
    assert [raw.unchanged for raw in raws] == [frozenset(), {"x"}]


def test_two_dots_with_nothing_before_them_are_unknown_and_the_trace_goes_on() -> None:
    text = (
        '<|line_sep|>{"x": ".."}<|action_sep|>a\n<|frame_sep|>'
        '<|line_sep|>{"x": ".."}<|action_sep|>b\n<|frame_sep|>'
    )
    frames = resolved(read(parse_text(text)), IN_MAIN)
    assert [frame.locals for frame in frames] == [{"x": Value("..", Provenance.UNKNOWN)}] * 2
    assert to_text(write_trace(frames, IN_MAIN)) == text


def test_a_return_without_a_value_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="needs a value"):
        write_frame(Frame(Event.RETURN, "f", 1, 2, "return"))


def test_frames_without_a_scope_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="stack is empty"):
        write_trace([Frame(Event.LINE, "f", 1, 2, "pass", {})])


# Confidence and provenance


def test_an_unchanged_value_is_no_surer_than_the_prediction_it_repeats() -> None:
    before = {
        "guess": Value("1", confidence=0.25),
        "seen": Value("[2", Provenance.OBSERVED, cut=True),
        "edited": Value("3", Provenance.EDITED),
        "lost": Value("?", Provenance.UNKNOWN),
    }
    text = json.dumps(dict.fromkeys(before, "..") | {"new": "5"})
    (raw,) = read([Separator.LINE, text, Separator.ACTION, "pass\n", Separator.FRAME])
    frame = resolve(
        raw,
        State((Scope("f", 1, 1, before),), Event.LINE),
        Place("f", 1, 2),
        confidence=lambda span: 0.75,
        line_confidence=0.5,
    )
    predicted = Provenance.PREDICTED
    assert frame.locals == {
        "guess": Value("1", predicted, 0.25),
        "seen": Value("[2", predicted, 0.75, cut=True),
        "edited": Value("3", predicted, 0.75),
        "lost": Value("?", Provenance.UNKNOWN),
        "new": Value("5", predicted, 0.75),
    }
    assert frame.confidence == 0.5


def test_spans_cut_the_very_characters_of_keys_values_and_source() -> None:
    pieces = parse_text(SMALL_TRACE)
    plain, count = "", 0
    parser = FrameParser()
    for piece in pieces:
        plain += "" if isinstance(piece, Separator) else piece
        for raw in parser.feed(piece):
            count += 1
            assert raw.length == len(plain)
            assert plain[slice(*raw.spans.source)] == raw.source + "\n"
            for name, text in (raw.locals or {}).items():
                assert plain[slice(*raw.spans.keys[name])] == name + '"'
                written = plain[slice(*raw.spans.locals[name])]
                assert json.loads('"' + written) == text
            if raw.spans.value:
                assert json.loads('"' + plain[slice(*raw.spans.value)]) == raw.value
            plain = ""
    assert count == 11


def test_each_token_is_attributed_to_the_values_it_writes() -> None:
    tokens: list[Piece] = [
        Separator.LINE, '{"', "a", '":', ' "', "1", "2", '",', ' "b', '": "', '.."}',
        Separator.ACTION, "  x", "\n", Separator.FRAME,
    ]  # fmt: skip
    parser, starts, raws = FrameParser(), [], []
    for token in tokens:
        starts.append(parser.position)
        raws += parser.feed(token)
    (raw,) = raws
    starts.append(raw.length)
    assert [tokens[i] for i in raw.spans.locals["a"].tokens(starts)] == ["1", "2", '",']
    assert [tokens[i] for i in raw.spans.locals["b"].tokens(starts)] == ['.."}']
    assert [tokens[i] for i in raw.spans.keys["b"].tokens(starts)] == [' "b', '": "']
    assert [t for t in raw.spans.source.tokens(starts) if isinstance(tokens[t], str)] == [12, 13]


def test_a_span_takes_no_token_that_only_touches_it() -> None:
    assert list(Span(2, 4).tokens([0, 2, 4, 6])) == [1]
    assert list(Span(3, 5).tokens([0, 2, 4, 6])) == [1, 2]
    assert list(Span(0, 6).tokens([0, 2, 4, 6])) == [0, 1, 2]


# Whole prompts


def test_a_whole_prompt_gives_its_context_and_its_frames() -> None:
    context = "\ndef main():  # << START_OF_TRACE\n    return 1\n"
    parser = FrameParser()
    pieces = [*write_context(context), *parse_text("<|call_sep|>{}<|action_sep|>def main():\n")]
    assert [frame for piece in pieces for frame in parser.feed(piece)] == []
    (frame,) = parser.feed(Separator.FRAME)
    assert (parser.context, frame.source, frame.length) == (context, "def main():", 14)
    assert not parser.ended
    parser.feed(Separator.END_OF_TEXT)
    assert parser.ended
    parser.finish()


def test_an_empty_context_is_one() -> None:
    parser = FrameParser()
    for piece in write_context(""):
        parser.feed(piece)
    assert parser.context == ""


# Malformed

FRAME = '<|line_sep|>{"a": "1"}<|action_sep|>x\n<|frame_sep|>'


@pytest.mark.parametrize(
    ("locals_text", "offset", "said"),
    [
        ("", 0, "expected '{', found the end"),
        ("[]", 0, "expected '{'"),
        ("{", 1, "a name in double quotes"),
        ("{'a': 1}", 1, "a name in double quotes"),
        ('{"a"}', 4, "expected ':'"),
        ('{"a": 1}', 6, "a value in double quotes, found '1}'"),
        ('{"a": null}', 6, "a value in double quotes"),
        ('{"a": {}}', 6, "a value in double quotes"),
        ('{"a": "1" "b": "2"}', 10, "expected ',' or '}'"),
        ('{"a": "1",}', 10, "a name in double quotes"),
        ('{"a": "1"', 9, "expected ',' or '}', found the end"),
        ('{"a": "1', 6, "bad JSON string: Unterminated string"),
        ('{"a": "\\x"}', 7, "bad JSON string: Invalid \\escape"),
        ('{"a": "\\u12"}', 9, "bad JSON string: Invalid \\uXXXX escape"),
        ('{"a": "\t"}', 7, "bad JSON string: Invalid control character"),
        ('{"a": "1", "a": "2"}', 11, "the name 'a' stands here twice"),
        ('{"a": "1"} }', 11, "expected nothing more, found '}'"),
    ],
)
def test_malformed_locals_are_told_with_their_place(
    locals_text: str, offset: int, said: str
) -> None:
    error = failure(f"{FRAME}<|line_sep|>{locals_text}<|action_sep|>y\n<|frame_sep|>")
    assert said in error.message
    assert (error.frame, error.segment) == (1, Segment.LOCALS)
    assert abs(error.offset - offset) <= (2 if "escape" in said else 0)  # Pythons differ


@pytest.mark.parametrize(
    ("text", "segment", "offset", "said"),
    [
        (
            "x",
            Segment.EVENT,
            0,
            "expected the event of a frame, or <|end_of_text|>, found the text",
        ),
        ("<|action_sep|>", Segment.EVENT, 0, "found <|action_sep|>"),
        ("<|line_sep|>{}<|frame_sep|>", Segment.LOCALS, 2, "expected locals and <|action_sep|>"),
        ("<|return_sep|>{}", Segment.LOCALS, 0, "expected <|action_sep|>, found the text '{}'"),
        ("<|line_sep|>{}<|action_sep|>x<|frame_sep|>", Segment.SOURCE, 1, "expected a newline"),
        ("<|line_sep|>{}<|action_sep|>x\ny\n<|frame_sep|>", Segment.SOURCE, 2, "one source line"),
        ("<|line_sep|>{}<|action_sep|>x\n<|arg_sep|>", Segment.SOURCE, 2, "and <|frame_sep|>"),
        ("<|return_sep|><|action_sep|>x\n<|frame_sep|>", Segment.SOURCE, 2, "and <|arg_sep|>"),
        ("<|return_sep|><|action_sep|>x\n<|arg_sep|>1<|frame_sep|>", Segment.VALUE, 0, "found '1'"),
        ('<|return_sep|><|action_sep|>x\n<|arg_sep|>"1"2<|frame_sep|>', Segment.VALUE, 3, "'2'"),
        ("<|return_sep|><|action_sep|>x\n<|arg_sep|><|frame_sep|>", Segment.VALUE, 0, "the end"),
        ("<|line_sep|>{}", Segment.LOCALS, 2, "and the trace ends"),
        (
            "<|end_of_text|><|line_sep|>",
            Segment.EVENT,
            0,
            "expected nothing behind <|end_of_text|>",
        ),
        ("<|end_of_text|><|end_of_text|>", Segment.EVENT, 0, "expected nothing behind"),
        ("<|begin_of_text|>", Segment.EVENT, 0, "expected <|trace_context_start|>, and the trace"),
        ("<|begin_of_text|><|line_sep|>", Segment.EVENT, 0, "expected <|trace_context_start|>"),
        ("<|trace_context_start|>code", Segment.CONTEXT, 4, "the context and <|frame_sep|>"),
        (
            "<|line_sep|>{}<|action_sep|>x\n<|frame_sep|><|begin_of_text|>",
            Segment.EVENT,
            0,
            "found",
        ),
    ],
)
def test_a_trace_out_of_order_is_told_with_its_place(
    text: str, segment: Segment, offset: int, said: str
) -> None:
    error = failure(text)
    assert said in error.message
    assert (error.segment, error.offset) == (segment, offset)


def test_a_parser_that_failed_stays_failed() -> None:
    parser = FrameParser()
    with pytest.raises(MalformedTrace) as first:
        parser.feed("x")
    for again in (lambda: parser.feed(Separator.LINE), parser.finish):
        with pytest.raises(MalformedTrace) as second:
            again()
        assert second.value is first.value


@several
@given(
    st.lists(st.sampled_from(SEPARATORS) | HOSTILE | st.sampled_from(["x\n", '"1"']), max_size=9)
)
def test_any_pieces_give_frames_or_a_malformed_trace_and_nothing_else(pieces: list[Piece]) -> None:
    parser = FrameParser()
    try:
        for piece in pieces:
            parser.feed(piece)
        parser.finish()
    except MalformedTrace as error:
        assert error.message in str(error)  # noqa: PT017


def test_a_value_of_ten_megabytes_comes_through() -> None:
    text = repr("x" * 10_000_000)
    frame = Frame(Event.CALL, "f", 1, 1, "def f(x):", {"x": Value(text)})
    (raw,) = read(write_frame(frame))
    assert raw.locals == {"x": text}


@pytest.mark.skipif("FOREFRAME_SHARED" not in os.environ, reason="needs the real generation")
def test_a_real_generation_of_cwm_goes_through_byte_for_byte() -> None:
    path = Path(os.environ["FOREFRAME_SHARED"], "data", "cwm-real-sample.json")
    sample = json.loads(path.read_text("utf-8"))
    frames = resolved(read(parse_text(sample["generation"])), IN_MAIN)
    assert len(frames) == sample["n_frames"]
    assert frames[-1].value == Value(sample["output"])
    assert to_text(write_trace(frames, IN_MAIN, end=True)) == sample["generation"]
