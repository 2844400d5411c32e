"""A comparison as any client shows it: two scopes, differences first, the other value beside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from foreframe.checking import Comparison, ScopeCheck
from foreframe.dap.inspection import ELSEWHERE
from foreframe.dap.variables import Named, happened, plain_locals, shown_stack
from foreframe_protocol.alignment import ValueCheck
from foreframe_protocol.states import Provenance, Scope, Trace, Value, Verdict
from foreframe_protocol.values import Kind, Tree, parse_value

SHOWN_CHARS = 200  # of the other value
PREDICTED, REAL = "Predicted", "Real"
NOT_PREDICTED = Value("", Provenance.UNKNOWN)
NOTHING = Named("…", Tree(Kind.OPAQUE, "nothing was predicted for this stop"), Value(""), None)


def named(
    comparison: Comparison | None, seen: Trace, index: int, *, is_top: bool
) -> dict[str, list[Named]]:
    """The variables of both sides at one level of the stack, by the title of their scope."""
    if index == ELSEWHERE and comparison is not None:
        top = shown_stack(comparison.predicted.state)[-1]
        mine = [replace(one, frame=None) for one in plain_locals(top, 0)]
        return {PREDICTED: [*happened(comparison.predicted), *mine]}
    found: dict[str, list[Named]] = {PREDICTED: [], REAL: []}
    scope = seen.state.stack[index]
    if is_top:
        for title, one in happened_on(comparison, seen):
            found[title].append(one)
    check = level(comparison, scope)
    if check is None and comparison is not None:
        found[PREDICTED] += plain_locals(shown_stack(comparison.predicted.state)[-1], index)
    elif check is None:
        found[PREDICTED].append(NOTHING)
    if check is None:
        found[REAL] += plain_locals(scope, index)
        return found
    for name, value in check.sorted():
        found[PREDICTED].append(predicted_side(name, value, index))
        found[REAL].append(real_side(name, value, index))
    return found


def happened_on(comparison: Comparison | None, seen: Trace) -> Iterator[tuple[str, Named]]:
    """What was returned or raised, on both sides."""
    check = comparison.value if comparison is not None else None
    for one in happened(seen):
        other = "" if check is None else remark(check, "predicted", check.predicted)
        yield REAL, replace(one, remark=other)
    if comparison is not None and comparison.frame.same_place:
        for one in happened(comparison.predicted):
            other = "" if check is None else remark(check, "real", check.real)
            yield PREDICTED, replace(one, remark=other)


def level(comparison: Comparison | None, scope: Scope) -> ScopeCheck | None:
    """The check of a real scope."""
    checks = comparison.scopes if comparison is not None else ()
    return next((check for check in checks if check.real is scope), None)


def predicted_side(name: str, check: ValueCheck, index: int) -> Named:
    """A value in the predicted scope."""
    value = check.predicted or NOT_PREDICTED
    tree = parse_value(value.text, cut=value.cut)
    return Named(name, tree, value, name, index, remark(check, "real", check.real))


def real_side(name: str, check: ValueCheck, index: int) -> Named:
    """A value in the real scope."""
    other = remark(check, "predicted", check.predicted)
    if check.real is None:
        nothing = Value("", Provenance.OBSERVED)
        return Named(name, Tree(Kind.OPAQUE, "<does not exist>"), nothing, None, None, other)
    value = check.real
    return Named(name, parse_value(value.text, cut=value.cut), value, name, index, other)


def remark(check: ValueCheck, side: str, other: Value | None) -> str:
    """What the other side says, where it says something else."""
    if check.verdict is Verdict.MATCH:
        return ""
    sign = "~" if check.verdict is Verdict.NOT_COMPARABLE else "≠"
    if other is None:
        return f"   {sign} {'not predicted' if side == 'predicted' else 'does not exist'}"
    text = other.text if len(other.text) <= SHOWN_CHARS else other.text[:SHOWN_CHARS] + "…"
    return f"   {sign} {side} {text}{'…' if other.cut and len(other.text) <= SHOWN_CHARS else ''}"
