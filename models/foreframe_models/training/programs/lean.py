"""Short functions about one value and its methods, as most small functions are."""

from __future__ import annotations

from random import Random

from foreframe_models.training.programs import literals, names
from foreframe_models.training.programs.expressions import Expressions, Names, NoVariable
from foreframe_models.training.programs.generator import MORE, Sample, again
from foreframe_models.training.programs.statements import Body

# the value's type, and what may come with it
VALUES: tuple[tuple[float, str, tuple[str, ...]], ...] = (
    (10, "S", ("", "", "S", "S", "I")),
    (5, "LI", ("", "", "I", "I", "LI")),
    (4, "LS", ("", "S", "S", "I")),
    (2.5, "DSI", ("", "S", "I", "DSI")),
    (1, "DSS", ("", "S")),
    (0.7, "DIS", ("", "I")),
    (0.6, "LLI", ("", "I")),
    (0.5, "LT", ("", "S")),
    (1, "I", ("", "I", "S")),
)
RESULTS = {
    "S": ("S", "S", "S", "LS", "I", "B"),
    "LI": ("LI", "LI", "I", "B"),
    "LS": ("S", "LS", "LS", "I"),
    "DSI": ("DSI", "LS", "I", "S"),
    "DSS": ("DSS", "S", "LS"),
    "DIS": ("DIS", "S"),
    "LLI": ("LLI", "LI", "I"),
    "LT": ("LT", "LS", "DSI"),
    "I": ("I", "S", "B", "LI"),
}
SHAPES = (("return", 3.0), ("line", 4.0), ("mutate", 3.0), ("branch", 4.0), ("loop", 7.0))


def lean_function(rng: Random, level: float) -> Sample:
    """A function of a few lines."""
    draw = Expressions(rng, methods=4.0)
    draw.quote = rng.choice("''\"")
    scope = Names()
    _, kind, others = rng.choices(VALUES, [w for w, _, _ in VALUES])[0]
    kinds = [kind, *filter(None, [rng.choice(others)])]
    values = [literals.value(rng, k) for k in kinds]
    parameters = []
    for k, value in zip(kinds, values, strict=True):
        draw.learn(value)
        name = names.plain(rng) if rng.random() < 0.6 else names.variable(rng)
        while name in scope.types:
            name = names.variable(rng)
        parameters.append(scope.bind(name, k))
    result = rng.choice(RESULTS[kind])
    body = Body(rng, draw, scope, level, result, unit="    ")
    shapes = [s for s in SHAPES if level > 0.15 or s[0] not in ("branch", "loop")]
    shape = rng.choices([s for s, _ in shapes], [w for _, w in shapes])[0]
    try:
        kind_of_end = _shaped(body, shape, parameters[0], kind)
    except NoVariable:
        kind_of_end = ""
    _finish(body, kind_of_end)
    name = "f" if rng.random() < 0.5 else names.function(rng)
    if name in scope.types:
        name = "f"
    source = "\n".join([f"def {name}({', '.join(parameters)}):", *body.lines]) + "\n"
    rows = [
        values,
        *([again(rng, k, v) for k, v in zip(kinds, values, strict=True)] for _ in range(MORE)),
    ]
    args = [", ".join(map(repr, row)) for row in rows]
    return Sample(source, name, args[0], tuple(args[1:]))


def _shaped(body: Body, shape: str, main: str, kind: str) -> str:
    """The lines before the end. Gives the name that the end is about, if one is."""
    rng = body.rng
    match shape:
        case "line":
            for _ in range(rng.choice((1, 1, 2))):
                body.assign()
        case "mutate":
            if rng.random() < 0.4:
                copied = "{v}.copy()" if kind[0] in "LD" else "{v}"
                name = body.scope.bind(body.draw.fresh(body.scope), kind)
                body.add(f"{name} = {copied.format(v=main)}")
                main = name
            for _ in range(rng.choice((1, 2, 2, 3))):
                body.mutate()
            return main
        case "branch":
            body.add(f"if {body.expression('B', rng.choice((1, 1, 2)))}:")
            _inside(body)
            if rng.random() < 0.25:
                body.add(f"elif {body.expression('B', 1)}:")
                _inside(body)
            if rng.random() < 0.35:
                body.add("else:")
                _inside(body)
        case "loop":
            if rng.random() < 0.3:
                body.assign()
            body.loop(2)
    return ""


def _inside(body: Body) -> None:
    body.indent += 1
    start = len(body.lines)
    try:
        if body.rng.random() < 0.5:
            body.add(f"return {body.expression(body.returns, 1)}")
        else:
            body.mutate()
    except NoVariable:
        del body.lines[start:]
        body.add(f"return {body.expression(body.returns, 1)}")
    body.indent -= 1


def _finish(body: Body, name: str) -> None:
    """A return, mostly of an expression about what nothing has read yet."""
    rng = body.rng
    if name and rng.random() < 0.7:
        body.add(f"return {name}")
        return
    left = [n for n in body.scope.unread if n in body.scope.types]
    left.sort(key=list(body.scope.types).index)
    if left and rng.random() < 0.35 and body.lines:
        body.add(f"return {left[-1]}")
        return
    text = body.expression(body.returns, rng.choice((1, 2, 2, 3)))
    for _ in range(4):
        if not left or any(n in text for n in left):
            break
        text = body.expression(body.returns, rng.choice((1, 2, 2)))
    body.add(f"return {text}")
