"""Control flow from bytecode: against real traces, and by its own words."""

from __future__ import annotations

import sys
import textwrap

import pytest
import traced_programs

from foreframe_models.evaluation.transitions import measure
from foreframe_models.program.control_flow import CALLED, Program, ProgramError


def parse(text: str) -> Program:
    return Program.parse(textwrap.dedent(text).lstrip("\n"), "p.py")


@pytest.mark.parametrize("name", traced_programs.NAMES)
def test_every_frame_of_a_real_trace_is_a_legal_one(name: str) -> None:
    found = measure(traced_programs.program(name), traced_programs.trace(name))
    assert found.wrong == []
    assert found.frames > 10


def test_a_wrong_frame_is_found_out() -> None:
    program, frames = traced_programs.program("recursion"), traced_programs.trace("recursion")
    missing = [*frames[:3], *frames[4:]]
    assert measure(program, missing).wrong != []


def test_few_lines_can_follow_a_line() -> None:
    total = sum(
        (
            measure(traced_programs.program(n), traced_programs.trace(n))
            for n in traced_programs.NAMES
        ),
        start=measure(parse("x = 1"), []),
    )
    assert total.next_lines / total.line_frames < 1.5
    assert total.ordered > 0.95 * total.named


LOOP = """
    def find(items, wanted=0, *rest, flag: bool = None, **named):
        for index, item in enumerate(items):
            if item == wanted:
                return index
        else:
            index = -1
        del item
        return index
"""


def test_successors_predecessors_and_returns_of_a_loop() -> None:
    find = parse(LOOP).find("find")
    assert find.entry_lines == {2}
    assert find.lines == (2, 3, 4, 6, 7, 8)
    assert find.successors[2] == {3, 6}
    assert find.successors[3] == {2, 4}
    assert find.predecessors[2] == {CALLED, 3}
    assert find.returns == {4, 8}
    assert find.for_lines == {2: (3, 4)}


def test_names_that_a_line_binds_and_unbinds() -> None:
    find = parse(LOOP).find("find")
    assert find.names == ("items", "wanted", "flag", "rest", "named", "index", "item")
    assert find.binds[2] == {"index", "item"}
    assert find.binds[6] == {"index"}
    assert find.deletes[7] == {"item"}
    given = ("items", "wanted", "flag", "rest", "named")
    assert find.call_orders() == (given,)
    assert find.orders(6) == (given, (*given, "index", "item"))


def test_parameters_are_told_as_written() -> None:
    found = [(p.name, p.kind, p.default) for p in parse(LOOP).find("find").parameters]
    assert found == [
        ("items", "POSITIONAL_OR_KEYWORD", None),
        ("wanted", "POSITIONAL_OR_KEYWORD", "0"),
        ("flag", "KEYWORD_ONLY", "None"),
        ("rest", "VAR_POSITIONAL", None),
        ("named", "VAR_KEYWORD", None),
    ]


def test_handlers_of_a_line_and_where_exceptions_are_likely() -> None:
    program = parse("""
        def read(data, key):
            try:
                value = data[key]
            except KeyError:
                value = str(key)
            finally:
                done = True
            assert value
            return str(value)
    """)
    read = program.find("read")
    assert read.handlers[3] == {4}
    assert read.handlers[5] == {7}
    assert 3 not in read.flow.unwinds
    assert {8, 9} <= read.flow.unwinds
    assert 7 in read.flow.reraises
    assert read.raises(3)
    assert read.raises(8)
    assert not read.raises(9)


def test_a_call_by_name_means_that_function_only() -> None:
    program = parse("""
        def f(x):
            return x
        def g(x):
            return f(x) + h(x)
        def h(x):
            return len(x)
    """)
    f, g, h = (program.find(n) for n in "fgh")
    assert g.calls == {4: {f.id, h.id}}
    assert g.implicit_calls == {4: frozenset()}
    assert h.calls == {}


def test_functions_passed_around_and_special_methods_may_be_called_where_others_call() -> None:
    program = parse("""
        class V:
            def __add__(self, other):
                return self
            def __init__(self):
                self.x = 1
        def key(v):
            return v.x
        def use(vs):
            vs.sort(key=key)
            return vs[0] + vs[1]
        def plain():
            return V()
    """)
    use = program.find("use")
    assert program.find("key").id in use.implicit_calls[9]
    assert program.find("V.__add__").id in use.calls[10]
    assert program.find("V.__init__").id not in use.calls[10]
    assert program.find("plain").calls[12] == {program.find("V.__init__").id}


def test_calls_from_a_comprehension_belong_to_its_line() -> None:
    program = parse("""
        def f(x):
            return x
        def g(xs):
            return [
                f(x)
                for x in xs
            ]
    """)
    g = program.find("g")
    assert [line for line in g.lines if program.find("f").id in g.calls.get(line, ())] == [4]
    assert not any(f.name == "<listcomp>" for f in program.functions)
    assert 5 not in g.lines


def test_scopes_that_frames_cannot_tell_apart_are_one() -> None:
    program = parse("pair = (lambda a: a), (lambda b, c: b)\n")
    (both,) = program.functions[1:]
    assert both.call_orders() == (("a",), ("b", "c"))


def test_functions_are_found_by_name_and_by_what_a_frame_says() -> None:
    program = parse("""
        class A:
            @staticmethod
            def m():
                def inner():
                    pass
                return inner
        if A:
            def f(): return 1
        else:
            def f(): return 2
    """)
    module = program.functions[0]
    assert (module.qualname, module.scope_line, module.def_line) == ("<module>", 0, 1)
    method = program.find("A.m")
    assert (method.scope_line, method.def_line) == (2, 3)
    assert program.function_for("A.m", 2) is method
    assert program.function_for("A.m.<locals>.inner", 4).name == "inner"
    assert program.find("f").scope_line == 10
    with pytest.raises(KeyError, match="no function 'g'"):
        program.find("g")
    with pytest.raises(KeyError, match="starts on line 7"):
        program.function_for("f", 7)


@pytest.mark.parametrize("name", traced_programs.NAMES)
def test_every_line_that_control_comes_to_has_code(name: str) -> None:
    program = traced_programs.program(name)
    flows = {(line, f.id) for f in program.functions for line in f.lines}
    assert {(line, i) for line in program.lines_with_code for i in program.scopes_on(line)} == flows


def test_lines_name_the_scopes_that_can_stand_there() -> None:
    program = parse("""
        # a comment
        def f(x):

            return (
                x)
        f(1)
    """)
    f = program.find("f")
    assert program.scopes_on(5) == {f.id}
    assert program.scopes_on(6) == program.scopes_on(2) == {0}
    assert not any(map(program.scopes_on, (0, 1, 3, 99)))
    assert program.line_text(2) == "def f(x):"
    assert program.line_text(99) == ""


def test_a_hole_is_an_expression_of_unknown_value() -> None:
    program = parse("""
        def f(xs):  # ?? in a comment
            total = ??
            for x in xs[??:]:
                total += ??  + len("??")
            return f"{total + ??:>{??}} ?? {{??}}"
    """)
    assert program.holes == ((2, 12), (3, 16), (4, 17), (5, 22), (5, 27))
    assert program.lines[1] == "    total = ??"
    f = program.find("f")
    assert f.successors[3] == {4, 5}
    assert f.names == ("xs", "total", "x")


@pytest.mark.parametrize("line", ["??", "x = ??", "x = ??(x)", "return ?? + 1", "while ??: pass"])
def test_a_hole_enters_no_function_not_even_its_own(line: str) -> None:
    program = parse(f"def g(a):\n    return a\ndef f(x):\n    {line}\nTABLE = [f, g]\n")
    assert not program.find("f").calls.get(4)


def test_what_is_called_beside_a_hole_may_be_entered() -> None:
    program = parse("def g(a):\n    return a\ndef f(x):\n    return g(??) + ??\n")
    assert program.find("f").calls[4] == {program.find("g").id}


def test_a_hole_never_takes_a_name_that_the_program_uses() -> None:
    program = parse("_0 = 1\n_1 = ??\n")
    assert program.hole_name not in (None, "_0", "_1")
    assert program.functions[0].names == ("_0", "_1")


@pytest.mark.parametrize(
    ("source", "said", "line", "column"),
    [
        ("x = 1\ny = (\n", "was never closed", 2, 4),
        ("def f():\n    return 1\nreturn 2\n", "'return' outside function", 3, 0),
        ("a = 1\nb = '\0'\n", "null byte", 2, 5),
        ("", "no statement", 1, 0),
        ("# nothing\n", "no statement", 1, 0),
        ("x = " + "(" * 300 + "1" + ")" * 300, "too many nested parentheses", 1, 204),
        ("x = " + "-" * 100_000 + "1", "too deeply", 0, 0),
        ("x = '\ud800'", "surrogates not allowed", 0, 0),
    ],
)
def test_a_text_that_is_no_program_is_a_clear_error(
    source: str, said: str, line: int, column: int
) -> None:
    with pytest.raises(ProgramError, match=said) as caught:
        Program.parse(source, "p.py")
    assert "p.py" in caught.value.message
    assert caught.value.line == line
    if line and "parentheses" not in said:
        assert caught.value.column == column


def test_newlines_of_every_kind_count_as_the_compiler_counts_them() -> None:
    program = Program.parse("\ufeffa = 1\r\nb = 2\rc = 3\n", "p.py")
    assert program.functions[0].lines == (1, 2, 3)
    assert program.lines == ("\ufeffa = 1", "b = 2", "c = 3")


def test_parsing_and_asking_run_nothing_of_the_program() -> None:
    events: list[str] = []
    watching = True

    def hook(event: str, args: tuple[object, ...]) -> None:
        if watching and event in ("exec", "open", "subprocess.Popen", "import", "os.system"):
            events.append(f"{event} {args!r}")

    source = "import os\nraise SystemExit(os.getcwd())\ndef f(x=print('ran')):\n    return f(x)\n"
    parse("def warm(x):\n    return [x for y in x if warm(y)]\n").find("warm").calls  # noqa: B018
    sys.addaudithook(hook)
    program = parse(source)
    for function in program.functions:
        assert function.lines
        function.calls, function.binds, function.parameters, function.orders(4)
    watching = False
    assert events == []


def test_a_function_with_too_many_ways_to_bind_has_no_known_order() -> None:
    body = "".join(f"    if x > {i}:\n        a{i} = 1\n" for i in range(12))
    f = parse(f"def f(x):\n{body}    return x\n").find("f")
    assert f.orders(26) is None
    assert f.names == ("x", *(f"a{i}" for i in range(12)))
