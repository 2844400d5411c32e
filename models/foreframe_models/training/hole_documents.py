"""Documents of the hole task: an expression of a program left out, to be told from real runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from foreframe_models.dialects.compact_hole import Example, expression_ids, hole_prompt
from foreframe_models.dialects.listing import Listing
from foreframe_models.program.source import HOLE, fill_holes
from foreframe_models.training.documents import Document, Run
from foreframe_models.training.programs.generator import Sample
from foreframe_protocol.states import Event

MOST_TOKENS = 24
AT_A_LINE = 0.2  # of examples: they tell what holds at a line, not what is returned


def hole(
    rng: Random, sample: Sample, runs: Sequence[Run], listing: Listing, context: int
) -> Document | None:
    """The program with a hole, its runs as examples, the expression; None where there is none."""
    vocabulary = listing.vocabulary
    reached = {frame.line for run in runs for frame in run.frames if frame.event is Event.LINE}
    found = [(weight, node) for weight, node in candidates(sample.source) if node.lineno in reached]
    if not found or sample.function is None:
        return None
    node = rng.choices([n for _, n in found], [w for w, _ in found])[0]
    source, text = without(sample.source, node)
    target = expression_ids(text, vocabulary)
    if not 0 < len(target) <= MOST_TOKENS:
        return None
    first = min(listing.number.values())
    shown = Listing(source, vocabulary, first=first, code=fill_holes(source)[0])
    examples = [e for run in runs if (e := example(rng, run, node.lineno)) is not None]
    if not examples:
        return None
    ids = hole_prompt(shown, examples)
    start = len(ids)
    ids += (*target, vocabulary.special["<;>"])
    return Document(ids, start, [start]) if len(ids) < context else None


def example(rng: Random, run: Run, line: int) -> Example | None:
    """What a run tells: its call with its return, or with the locals after `line` has run."""
    call, last = run.frames[0], run.frames[-1]
    if call.event is not Event.CALL or not run.finished or last.event is not Event.RETURN:
        return None
    if run.frames[-2].event is Event.EXCEPTION:
        return None
    if rng.random() < AT_A_LINE:
        states = [
            after
            for before, after in zip(run.frames[1:], run.frames[2:], strict=False)
            if before.line == line
            and before.event is after.event is Event.LINE
            and before.depth == after.depth == 0
        ]
        if states:
            seen = rng.choice(states)
            kept = {
                name: value
                for name, value in (seen.locals or {}).items()
                if name in (call.locals or {}) or rng.random() < 0.8
            }
            return call, replace(seen, locals=kept)
    return call, last


def candidates(source: str) -> Iterator[tuple[float, ast.expr]]:
    """Expressions that a person may leave open, each with its weight: one line, no f-string's."""
    for node in ast.walk(ast.parse(source)):
        for weight, expression in _parts(node):
            if expression.lineno == expression.end_lineno and not _unclear(expression):
                yield weight, expression


def _parts(node: ast.AST) -> Iterator[tuple[float, ast.expr]]:
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield 3.0, test
            yield from ((1.5, inner) for inner in _operands(test))
        case ast.Return(value=ast.expr() as value):
            yield 2.0, value
            yield from ((1.0, inner) for inner in _operands(value))
        case ast.AugAssign(value=value):
            yield 2.0, value
        case ast.Assign(value=value):
            yield 1.5, value
            yield from ((1.0, inner) for inner in _operands(value))
        case ast.For(iter=iterable):
            yield 1.0, iterable
        case ast.Call(args=args):
            yield from ((0.7, arg) for arg in args if not isinstance(arg, ast.Starred))
        case ast.Subscript(slice=ast.Slice() as bounds):
            ends = (bounds.lower, bounds.upper, bounds.step)
            yield from ((0.7, end) for end in ends if end is not None)
        case ast.Subscript(slice=index, ctx=ast.Load()) if not isinstance(index, ast.Tuple):
            yield 0.7, index


def _operands(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Compare(left=left, comparators=comparators):
            return [left, *comparators]
        case ast.BoolOp(values=values):
            return values
    return []


def _unclear(expression: ast.expr) -> bool:
    """Whether a `??` in its place would not compile to the same lines and scopes."""
    scopes = ast.Lambda | ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp
    kinds = ast.JoinedStr | ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await | scopes
    return any(isinstance(inner, kinds) for inner in ast.walk(expression))


def without(source: str, node: ast.expr) -> tuple[str, str]:
    """(the source with `??` in place of the expression, the expression's text)."""
    lines = source.split("\n")
    line = lines[node.lineno - 1].encode()
    start, end = node.col_offset, node.end_col_offset or node.col_offset
    lines[node.lineno - 1] = (line[:start] + HOLE.encode() + line[end:]).decode()
    return "\n".join(lines), line[start:end].decode()
