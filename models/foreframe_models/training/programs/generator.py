"""Programs to learn from: a source, what to call, and its arguments."""

# ruff: noqa: E501 - tables read better with one template a line

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from foreframe_models.training.programs import literals, names
from foreframe_models.training.programs.expressions import Expressions, Names
from foreframe_models.training.programs.statements import Body

PARAMETERS = (("I", 5), ("S", 8), ("B", 0.5), ("F", 0.6), ("LI", 6), ("LS", 4), ("LLI", 1), ("LF", 0.4), ("DSI", 2.5), ("DSS", 0.8), ("DIS", 0.6), ("DSL", 0.6), ("TI", 0.5), ("LT", 0.7), ("SI", 0.3))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """A program and its entry: a function with arguments as literals, or the module.

    `more`: other arguments that the function can be called with.
    """

    source: str
    function: str | None = None
    args: str = ""
    more: tuple[str, ...] = ()


Maker = Callable[[Random, float], Sample]
MORE = 2  # sets of arguments beside the first


def random_function(rng: Random, level: float) -> Sample:
    """One function with a random body."""
    draw = Expressions(rng)
    draw.quote = rng.choice("''\"")
    scope = Names()
    kinds = [k for k, _ in PARAMETERS]
    weights = [w for _, w in PARAMETERS]
    values: list[object] = []
    drawn: list[tuple[str, object]] = []  # type codes and values
    parameters: list[str] = []
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        kind = rng.choices(kinds, weights)[0]
        value = literals.value(rng, kind)
        name = scope.bind(draw.fresh(scope), kind)
        draw.learn(value)
        parameters.append(name)
        values.append(value)
        drawn.append((kind, value))
    returns = rng.choice(("I", "S", "LI", "LS", "B"))
    body = Body(rng, draw, scope, level, returns, unit=rng.choice(("    ",) * 9 + ("  ",)))
    helper: list[str] = []
    if level > 0.25 and rng.random() < 0.12:
        helper = helper_function(rng, draw, scope, body)
    size = (
        rng.choice((1, 1, 2, 2, 3, 4))
        if level < 0.2
        else rng.choice((1, 1, 1, 2, 2, 2, 3, 3, 4, 5))
    )
    body.statements(size)
    body.finish()
    name = names.function(rng)
    if name in scope.types or any(name in line for line in helper):
        name = "f"
    typed = rng.random() < 0.06
    shown = ", ".join(
        p + (": " + type(v).__name__ if typed else "")
        for p, v in zip(parameters, values, strict=True)
    )
    arrow = " -> object" if typed and rng.random() < 0.5 else ""
    source = "\n".join([*helper, f"def {name}({shown}){arrow}:", *body.lines]) + "\n"
    named = [f"{p}=" if rng.random() < 0.03 else "" for p in parameters[-1:]]
    prefixes = [*([""] * (len(parameters) - 1)), *named]
    rows = [values, *([again(rng, k, v) for k, v in drawn] for _ in range(MORE))]
    args = [", ".join(f"{p}{v!r}" for p, v in zip(prefixes, row, strict=True)) for row in rows]
    return Sample(source, name, args[0], tuple(args[1:]))


def again(rng: Random, kind: str, value: object) -> object:
    """Another argument for a parameter: often like the first, so that the same literals matter."""
    roll = rng.random()
    match value:
        case str() if roll < 0.35 and value:
            at = rng.randrange(len(value))
            return value[at:] + value[:at] if roll < 0.15 else value[:at] + value[at + 1 :]
        case list() if roll < 0.35 and value:
            at = rng.randrange(len(value))
            return value[at:] + value[:at] if roll < 0.15 else value[:at] + value[at + 1 :]
        case int() if roll < 0.5 and not isinstance(value, bool):
            return value + rng.choice((-2, -1, 1, 2, 5))
    return literals.value(rng, kind)


def helper_function(rng: Random, draw: Expressions, scope: Names, body: Body) -> list[str]:
    """A small function that the body can call; a call of it is assigned first."""
    name = names.function(rng)
    if name in scope.types or name == "f":
        name = "helper_" + name
    inner = Names()
    kinds = [rng.choice("ISISIL".replace("L", "I")) for _ in range(rng.choice((1, 1, 2)))]
    parameters = [inner.bind(draw.fresh(inner), kind) for kind in kinds]
    returns = rng.choice("ISB")
    small = Body(rng, draw, inner, 0.3, returns, unit=body.unit)
    small.statements(rng.choice((0, 1, 1, 2, 3)))
    small.add(f"return {small.expression(returns, 2)}")
    actual = [draw.expression(kind, scope, 1) for kind in kinds]
    if rng.random() < 0.3 and any(k in ("LI", "LS") for k in scope.types.values()):
        source = next(n for n, k in scope.types.items() if k in ("LI", "LS"))
        kind = scope.types[source][1]
        element = draw.fresh(scope)
        once = Names({**scope.types, element: kind}, set())
        actual = [element if k == kind else draw.expression(k, once, 0) for k in kinds]
        target = scope.bind(draw.fresh(scope), {"I": "LI", "S": "LS"}.get(returns, "LI"))
        body.add(f"{target} = []")
        body.add(f"for {element} in {source}:")
        body.lines.append(body.unit * 2 + f"{target}.append({name}({', '.join(actual)}))")
    else:
        target = scope.bind(draw.fresh(scope), returns)
        body.add(f"{target} = {name}({', '.join(actual)})")
    return [f"def {name}({', '.join(parameters)}):", *small.lines, *([""] * rng.choice((1, 2)))]


def module_script(rng: Random, level: float) -> Sample:
    """Statements at module level, with prints."""
    draw = Expressions(rng)
    draw.quote = rng.choice("''\"")
    scope = Names()
    body = Body(rng, draw, scope, level, "I", indent=0, in_function=False)
    for _ in range(rng.choice((1, 2, 2, 3))):
        kind = rng.choice(("I", "S", "LI", "LS", "DSI", "I", "S"))
        value = literals.value(rng, kind)
        draw.learn(value)
        body.add(f"{scope.bind(draw.fresh(scope), kind)} = {value!r}")
    body.statements(rng.choice((1, 1, 2, 3, 5)))
    left = [n for n in scope.unread if n in scope.types]
    if left:
        body.add(f"print({', '.join(sorted(left)[:3])})")
    if rng.random() < 0.15:
        body.lines.insert(0, '"""What this script does."""')
    return Sample("\n".join(body.lines) + "\n")
