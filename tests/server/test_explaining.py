"""Traces told in sentences."""

from foreframe.explaining import Detail, Sentence, detail_for, explain
from foreframe.reality import observe
from foreframe_models.entry import Entry
from foreframe_models.program.control_flow import Program
from foreframe_protocol.states import Event, Frame, Trace, Value

CODE = """\
def count(word, letter):
    n = 0
    for c in word:
        if c == letter:
            n += 1
    return n

def g(xs):
    try:
        xs.append(count("ab", "a"))
        del xs[0]
        return xs[5]
    except IndexError as e:
        print(e)
    while len(xs) < 3:
        xs += [1]
    return sorted(xs)[::-1]
"""


async def told(function: str, args: str, detail: Detail, code: str = CODE) -> list[Sentence]:
    program = Program.parse(code, "/p.py")
    trace = Trace()
    for frame in (await observe(program, Entry(function, args))).frames:
        trace = trace.append(frame)
    return explain(program, trace, detail)


async def texts(function: str, args: str, detail: Detail, code: str = CODE) -> list[str]:
    return [sentence.text for sentence in await told(function, args, detail, code)]


async def test_every_step_of_a_loop_is_told():
    assert await texts("count", "'ab', 'a'", Detail.STEPS) == [
        "count is called with word='ab', letter='a'.",
        "Line 2: `n` is 0.",
        "Line 3 takes the next element: `c` is 'a'.",
        "Line 4: `c == letter` holds, line 5 is next.",
        "Line 5: `n` goes from 0 to 1.",
        "Line 3 takes the next element: `c` goes from 'a' to 'b'.",
        "Line 4: `c == letter` does not hold, line 3 is next.",
        "Line 3 has nothing left: the loop ends.",
        "Line 6 returns `n`, which is 1.",
    ]


async def test_calls_exceptions_and_deleted_names_are_told():
    found = await texts("g", "[1, 2]", Detail.STEPS)
    assert "Line 10 calls count(word='ab', letter='a')." in found
    assert "Line 10: `xs` goes from [1, 2] to [1, 2, 1]." in found
    assert "Line 12 raises IndexError: list index out of range." in found
    assert "The exception is caught: line 13 is next." in found
    assert "Line 14: `e` is no more." in found
    assert found[-1] == "Line 17 returns `sorted(xs)[::-1]`, which is [2, 1, 1]."


async def test_only_what_changed_leaves_tests_out():
    found = await texts("g", "[1, 2]", Detail.CHANGES)
    assert not any("holds" in text or "does not hold" in text for text in found)
    assert any("goes from [2, 1] to [2, 1, 1]" in text for text in found)


async def test_a_sentence_a_call_comes_in_the_order_of_the_calls():
    assert await texts("g", "[1, 2]", Detail.CALLS) == [
        "g(xs=[1, 2]) returns [2, 1, 1] after 21 steps.",
        "count(word='ab', letter='a') returns 1 after 8 steps.",
    ]


async def test_a_call_that_an_exception_leaves_says_so():
    code = "def f(n):\n    return 1 // n\n"
    assert (await texts("f", "0", Detail.CALLS, code))[0].startswith(
        "f(n=0) is left by an exception after"
    )
    assert (await texts("f", "0", Detail.STEPS, code))[-1] == "The exception leaves f."


async def test_what_is_hardly_sure_says_how_sure():
    sentence = Sentence("Line 1: `x` is 3.", 1, 1, 0, confidence=0.2)
    assert str(sentence) == "Line 1: `x` is 3. (only 20% sure)"
    assert str(Sentence("Line 1: `x` is 3.", 1, 1, 0, confidence=0.9)) == "Line 1: `x` is 3."


def test_the_longer_a_trace_the_less_is_told():
    assert [detail_for(n) for n in (10, 100, 1000)] == [
        Detail.STEPS,
        Detail.CHANGES,
        Detail.CALLS,
    ]


async def test_sentences_know_their_frames():
    for detail in Detail:
        for sentence in await told("g", "[1, 2]", detail):
            assert sentence.frame >= 1
            assert sentence.line >= 1


def test_what_a_hole_gave_is_told_to_be_from_it_and_its_sign_is_shown():
    program = Program.parse("def f(n):\n    ??\n    return n + ??\n", "/p.py")
    trace = Trace()
    for event, line, n in ((Event.CALL, 1, "1"), (Event.LINE, 2, "1"), (Event.LINE, 3, "4")):
        trace = trace.append(Frame(event, "f", 1, line, "", {"n": Value(n)}))
    trace = trace.append(Frame(Event.RETURN, "f", 1, 3, "", value=Value("6")))
    assert [sentence.text for sentence in explain(program, trace, Detail.STEPS)] == [
        "f is called with n=1.",
        "Line 2: `n` goes from 1 to 4, by its hole.",
        "Line 3 returns `n + ??`, which is 6.",
    ]
