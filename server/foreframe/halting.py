"""Does it end? Judged from a predicted trace: it ended, it repeats itself, it grows, or not known.

A trace that was cut off is looked through from its last stack outward: calls of a function by
itself, then loops, outer before inner. What cannot be told from locals alone (time, random
numbers, globals that functions change, objects that hide their state) is never called endless.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from foreframe.loops import Exit, LoopFacts, loops_of, returning_tests
from foreframe.prospects import (
    LEAST,
    UNKNOWN,
    Outlook,
    Prospect,
    numbers_of,
    prospect,
    sizes_of,
    values_of,
)
from foreframe_protocol.states import Event, Frame, Locals, Trace, left_entry

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

IMPURE = frozenset({"input", "next", "open", "id", "hash", "globals", "vars", "eval", "exec"})
PURE_MODULES = frozenset({"math", "string", "re", "operator", "functools", "dataclasses", "typing"})
RECURSION_LIMIT = 1000


class Answer(StrEnum):
    """Does it end?"""

    ENDS = "ends"
    REPEATS = "repeats"
    GROWS = "grows"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Halting:
    """An answer with what it rests on.

    `frames`: about how many a whole run has, where it ends. `line`: the loop's or the function's.
    `cycle`: the numbers of two frames, from 1, between which nothing has changed. `confidence`:
    that of the least certain frame it rests on. `by_rules`: these were worked out, not predicted.
    """

    answer: Answer
    text: str
    frames: int | None = None
    line: int | None = None
    cycle: tuple[int, int] | None = None
    confidence: float | None = None
    by_rules: bool = False

    @property
    def basis(self) -> Literal["worked out", "predicted"]:
        """What the answer rests on, in the words that people are told."""
        return "worked out" if self.by_rules else "predicted"


def does_it_end(program: Program, trace: Trace) -> Halting:
    """The answer for a trace that was predicted until it ended or was cut off."""
    nodes = trace.nodes()
    if not nodes:
        return Halting(Answer.UNKNOWN, "nothing has been predicted")
    last = nodes[-1].frame
    assert last is not None
    if left_entry(last):
        text = f"ends after {len(nodes)} frames"
        return Halting(Answer.ENDS, text, len(nodes), confidence=least(nodes))
    best: Halting | None = None
    for finding in (*recursions(program, nodes), *loops(program, nodes)):
        if finding.answer in (Answer.REPEATS, Answer.GROWS):
            return finding
        if best is None or best.answer is Answer.UNKNOWN:
            best = finding
    return best or Halting(Answer.UNKNOWN, f"not over after {len(nodes)} frames, and no loop seen")


def least(nodes: Sequence[Trace]) -> float | None:
    """The confidence of the least certain place among these frames."""
    known = [n.frame.confidence for n in nodes if n.frame and n.frame.confidence is not None]
    return min(known, default=None)


# Calls


def recursions(program: Program, nodes: list[Trace]) -> Iterator[Halting]:
    """What the activations of one function on the last stack tell."""
    stack = nodes[-1].state.stack
    deepest: dict[tuple[str, int], list[int]] = {}
    for depth, scope in enumerate(stack):
        deepest.setdefault((scope.function, scope.scope_line), []).append(depth)
    for (name, line), depths in deepest.items():
        if len(depths) < LEAST or program.function_for(name, line).is_module:
            continue
        calls = [node for node in (call_of(nodes, depth) for depth in depths) if node]
        if len(calls) == len(depths) and is_deepening(nodes, depths[0]):
            yield recursion(program, nodes, calls)


def call_of(nodes: list[Trace], depth: int) -> Trace | None:
    """The call frame of the activation that stands at `depth` of the last stack."""
    for node in reversed(nodes):
        frame = node.frame
        if frame and frame.depth == depth and frame.event is Event.CALL:
            return node
    return None


def is_deepening(nodes: list[Trace], base: int) -> bool:
    """Whether the stack above `base` has only grown over the last half of the trace."""
    returns = [n for n in nodes[len(nodes) // 2 :] if n.frame and n.frame.event is Event.RETURN]
    return not any(node.frame and node.frame.depth >= base for node in returns)


def recursion(program: Program, nodes: list[Trace], calls: list[Trace]) -> Halting:
    """A function that calls itself deeper and deeper."""
    frame = calls[-1].frame
    assert frame is not None
    name, line = frame.function, frame.line
    short = name.rsplit(".", 1)[-1]
    given = [call.state.top.locals for call in calls]
    sure = least(nodes[calls[0].length - 1 :])
    note = f"Python stops it with a RecursionError about {RECURSION_LIMIT} calls deep"
    if hidden_state(program, nodes[calls[-2].length - 1 :]):
        return Halting(Answer.UNKNOWN, f"{name} calls itself, and state that no frame shows", None)
    if same(given[-2], given[-1]):
        text = f"{name} calls itself with the same arguments, {arguments(given[-1])}: {note}"
        cycle = calls[-2].length, calls[-1].length
        return Halting(Answer.REPEATS, text, None, line, cycle, sure)
    scope = scope_node(program, frame)
    outlooks = [
        prospect(test.test, test.leaves_when, states)
        for test in (returning_tests(scope, short) if scope is not None else ())
        if len(states := lines_seen(nodes, calls, test)) >= LEAST
    ]
    moving = moves(given)
    if outlooks and all(p.outlook is Outlook.NEVER for p in outlooks) and moving:
        why = "; ".join(dict.fromkeys(p.why for p in outlooks if p.why))
        text = f"{name} calls itself deeper and deeper: {moving}, and {why}: {note}"
        return Halting(Answer.GROWS, text, None, line, None, sure)
    coming = [p.visits for p in outlooks if p.outlook is Outlook.COMES]
    if coming:
        each = (calls[-1].length - calls[0].length) / (len(calls) - 1)
        frames = round(len(nodes) + 2 * each * min(coming))
        text = f"about {frames} frames: {name} calls itself some {min(coming)} times more"
        return Halting(Answer.ENDS, text, frames, line, None, sure)
    return Halting(Answer.UNKNOWN, f"{name} calls itself, and nothing tells how often", None, line)


def lines_seen(nodes: list[Trace], calls: list[Trace], test: Exit) -> list[Locals]:
    """The locals at a test's line, one for each activation that came there."""
    found: list[Locals] = []
    for call, after in pairwise([*calls, nodes[-1]]):
        depth = len(call.state.stack) - 1
        for node in nodes[call.length : after.length]:
            frame = node.frame
            is_line = frame is not None and frame.event is Event.LINE
            if frame and is_line and (frame.depth, frame.line) == (depth, test.line):
                found.append(node.state.top.locals)
                break
    return found


# Loops


def loops(program: Program, nodes: list[Trace]) -> Iterator[Halting]:
    """What the loops tell that are under way at the end, outer scopes and outer loops first."""
    for depth, scope in enumerate(nodes[-1].state.stack):
        own = [n for n in since_call(nodes, depth) if n.frame and n.frame.depth == depth]
        lines = [n for n in own if n.frame and n.frame.event is Event.LINE]
        if not lines:
            continue
        node = scope_node(program, lines[-1].frame)
        if node is None:
            continue
        for facts in loops_of(node):
            if facts.holds(scope.line):
                run = current_run(lines, facts)
                visits = [n for n in run if n.frame and n.frame.line == facts.line]
                again = isinstance(facts.node, ast.While) and recurrence(visits) is not None
                if again or len(visits) >= LEAST:
                    yield loop(program, nodes, facts, run, visits)


def since_call(nodes: list[Trace], depth: int) -> list[Trace]:
    """The frames since the activation at `depth` of the last stack was called."""
    call = call_of(nodes, depth)
    return nodes if call is None else nodes[call.length - 1 :]


def current_run(lines: list[Trace], facts: LoopFacts) -> list[Trace]:
    """The line frames since the loop was last entered from outside."""
    start = 0
    for index, (before, node) in enumerate(pairwise(lines), 1):
        assert before.frame is not None
        assert node.frame is not None
        if node.frame.line == facts.line and not facts.holds(before.frame.line):
            start = index
    return lines[start:]


def loop(
    program: Program,
    nodes: list[Trace],
    facts: LoopFacts,
    run: list[Trace],
    visits: list[Trace],
) -> Halting:
    """One loop that is under way."""
    line, between = facts.line, nodes[visits[0].length - 1 :]
    sure = least(between)
    hidden = hidden_state(program, between)
    if hidden:
        return Halting(Answer.UNKNOWN, f"line {line}: {hidden} decides, which no frame shows", None)
    seen = [visit.state.top.locals for visit in visits]
    if isinstance(facts.node, ast.While):
        cycle = recurrence(visits)
        if cycle is not None:
            text = (
                f"line {line}: the loop repeats itself: all variables are the same "
                f"at frames {cycle[0]} and {cycle[1]}"
            )
            return Halting(Answer.REPEATS, text, None, line, cycle, sure)
    outlooks = [
        prospect(found.test, found.leaves_when, states)
        for found in facts.exits
        if (states := [n.state.top.locals for n in run if n.frame and n.frame.line == found.line])
    ]
    if not isinstance(facts.node, ast.While):
        outlooks.append(exhaustion(program.tree, facts.node, seen))
    coming = [p for p in outlooks if p.outlook is Outlook.COMES]
    if coming:
        soonest = min(coming, key=lambda p: p.visits)
        each = (visits[-1].length - visits[0].length) / (len(visits) - 1)
        frames = round(len(nodes) + each * soonest.visits)
        text = f"about {frames} frames: line {line} goes on some {soonest.visits} times"
        return Halting(Answer.ENDS, f"{text} ({soonest.why})", frames, line, None, sure)
    moving = moves(seen) or ("one side moves on" if any(p.moves for p in outlooks) else "")
    never = all(p.outlook is Outlook.NEVER for p in outlooks)
    if never and moving and not facts.hidden:
        why = "; ".join(dict.fromkeys(p.why for p in outlooks if p.why))
        text = f"line {line}: the loop grows: {moving}, and {why or 'nothing leaves it'}"
        return Halting(Answer.GROWS, text, None, line, None, sure)
    return Halting(Answer.UNKNOWN, f"line {line}: nothing tells when the loop ends", None, line)


def exhaustion(tree: ast.AST, node: ast.For | ast.AsyncFor, visits: list[Locals]) -> Prospect:
    """Whether a `for` comes to the end of what it goes through."""
    call = node.iter
    if isinstance(call, ast.Call):
        name = ast.unparse(call.func)
        if is_endless(tree, name):
            return Prospect(Outlook.NEVER, 0, f"`{ast.unparse(call)}` never ends")
        first = values_of(call, visits[:1]) if name == "range" else None
        if first and isinstance(first[0], range):
            left = len(first[0]) - len(visits) + 1
            return Prospect(Outlook.COMES, max(1, left), "it counts to its end")
        return UNKNOWN
    if not isinstance(call, ast.Name):
        return UNKNOWN
    values = values_of(call, visits)
    sizes = sizes_of(values) if values else None
    if sizes is None:
        return UNKNOWN
    first_shown = len(visits) - len(sizes)
    left_over = [size - first_shown - index for index, size in enumerate(sizes)]
    steps = {after - before for before, after in pairwise(left_over)}
    if all(step >= 0 for step in steps):
        return Prospect(Outlook.NEVER, 0, f"`{call.id}` grows as fast as it is gone through")
    if all(step < 0 for step in steps):
        left = max(1, round(left_over[-1]))
        return Prospect(Outlook.COMES, left, f"the end of `{call.id}` comes nearer")
    return UNKNOWN


def is_endless(tree: ast.AST, name: str) -> bool:
    """Whether a call of `name` is one of itertools' that never end."""
    if name in ("itertools.count", "itertools.cycle"):
        return True
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return any(
        node.module == "itertools" and alias.name in ("count", "cycle")
        for node in imports
        for alias in node.names
        if (alias.asname or alias.name) == name
    )


# What frames show, and what they hide


def recurrence(visits: list[Trace]) -> tuple[int, int] | None:
    """The numbers of the first two visits between which nothing has changed."""
    seen: dict[tuple[tuple[str, str], ...], int] = {}
    for visit in visits:
        values = visit.state.top.locals
        if any(is_opaque(value.text) or value.cut for value in values.values()):
            return None
        key = tuple((name, value.text) for name, value in values.items())
        if key in seen:
            return seen[key], visit.length
        seen[key] = visit.length
    return None


def is_opaque(text: str) -> bool:
    """Whether a value has state that its text does not show: an iterator, an object's address."""
    return " at 0x" in text and not text.startswith(("<function ", "<bound method "))


def same(one: Locals, other: Locals) -> bool:
    """Whether two scopes show the same, and hide nothing."""
    texts = [{n: v.text for n, v in scope.items()} for scope in (one, other)]
    return texts[0] == texts[1] and not any(map(is_opaque, texts[0].values()))


def arguments(values: Locals) -> str:
    """Arguments as they would be written."""
    return ", ".join(f"{name}={value.text[:40]}" for name, value in values.items()) or "none"


def moves(visits: Sequence[Locals]) -> str:
    """A variable that moves strictly one way, as a sentence; "" if there is none."""
    for name in visits[-1]:
        if not all(name in visit for visit in visits[-LEAST:]):
            continue
        values = values_of(ast.Name(name, ast.Load()), [v for v in visits if name in v])
        if values is None or len(values) < LEAST:
            continue
        sizes = numbers_of(values)
        what = f"the length of `{name}`" if sizes is None else f"`{name}`"
        sizes = sizes or sizes_of(values)
        if sizes is None:
            continue
        steps = [after - before for before, after in pairwise(sizes)]
        if all(step > 0 for step in steps) or all(step < 0 for step in steps):
            shown = ", ".join(f"{number:g}" for number in sizes[-LEAST:])
            return f"{what} goes {shown}, ..."
    return ""


def scope_node(program: Program, frame: Frame | None) -> ast.AST | None:
    """The syntax tree of a frame's scope: the module's, or the innermost `def` around its line."""
    if frame is None or frame.scope_line == 0:
        return program.tree
    found: ast.AST | None = None
    for node in ast.walk(program.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == frame.scope_line:
                found = node
    return found


def hidden_state(program: Program, nodes: Sequence[Trace]) -> str:
    """What these frames' code depends on that no frame shows; "" if nothing does."""
    scopes = {(n.frame.function, n.frame.scope_line) for n in nodes if n.frame}
    lines = {n.frame.line for n in nodes if n.frame}
    imported: set[str] = set()
    changed: set[str] = set()
    for node in ast.walk(program.tree):
        match node:
            case ast.Import() | ast.ImportFrom():
                module = node.module if isinstance(node, ast.ImportFrom) else None
                for alias in node.names:
                    if (module or alias.name).split(".")[0] not in PURE_MODULES:
                        imported.add(alias.asname or alias.name.split(".")[0])
            case ast.Global() | ast.Nonlocal():
                changed.update(node.names)
    imported -= {"itertools", "count", "cycle", "repeat"}
    functions_only = all(scope_line for _, scope_line in scopes)
    for node in ast.walk(program.tree):
        if not isinstance(node, ast.Name) or node.lineno not in lines:
            continue
        if node.id in imported or (node.id in IMPURE and hasattr(builtins, node.id)):
            return f"`{node.id}`"
        if node.id in changed and functions_only:
            return f"the variable `{node.id}` of an outer scope"
    return ""
