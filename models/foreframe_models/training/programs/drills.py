"""Drills: short functions that do one kind of thing a few times, on values of real lengths.

What a small model is slow to learn comes here densely: to find an element by its number, to count,
to cut, to change a list or a dict in place and to write it out whole at the end, to go on in a loop.
The other arguments of a drill are variants of the first, so that the same literals matter.

In a template `{s}` is the value that the drill is about, `{t}` a new name for a result, `{k}` and
`{j}` indexes that each of the values has (`{k}` at most `{j}`), `{e}` an element's literal, `{o}`
another literal of an element's type, `{c}` a short string of the value, `{m}` a small number, `{i}`
a second parameter (a valid index), `{n}` a counter and `{r}` a list, both made before.
"""

# ruff: noqa: E501 - tables read better with one template a line

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

from foreframe_models.training.programs import literals, names
from foreframe_models.training.programs.generator import MORE, Sample

Rows = tuple[tuple[float, str], ...]

_SEQUENCE: Rows = (
    (6, "{t} = {s}[{k}]"), (2, "{t} = {s}[-{m2}]"), (4, "{t} = {s}[{i}]"), (1.5, "{t} = {s}[{i} - 1]"),
    (3, "{r}.append({s}[{k}])"), (2, "{t} = {s}[{k}] == {s}[{j}]"), (3, "{t} = {s}[{k}] + {s}[{j}]"),
    (2, "if {s}[{k}] == {e}:\n    {n} += 1"), (2, "if {s}[{i}] != {s}[{k}]:\n    {n} += {m}"),
    (1, "{t} = {s}[{k}], {s}[{j}]"), (1, "{t} = {s}[len({s}) - {m2}]"), (1, "{n} += len({s}[{i}:])"),
)  # fmt: skip
_COUNTS: Rows = (
    (6, "{t} = len({s})"), (3, "{n} += len({s})"), (2, "{t} = len({s}) - {m}"), (1, "{t} = len({s}) > {m}"),
    (5, "{t} = {s}.count({e})"), (2, "{n} += {s}.count({e})"), (4, "{t} = {s}.index({e})"),
    (2, "{t} = {e} in {s}"), (1, "{t} = {o} in {s}"), (1, "{t} = len({s}[{k}:])"), (1, "{t} = len({s}) % {m}"),
    (1, "if len({s}) > {m}:\n    {n} += {m}"), (1, "if {s}.count({e}) > 1:\n    {n} -= 1"),
)  # fmt: skip
_CUTS: Rows = (
    (4, "{t} = {s}[{k}:]"), (4, "{t} = {s}[:{j}]"), (4, "{t} = {s}[{k}:{j}]"), (2, "{t} = {s}[:-{m2}]"), (2, "{t} = {s}[-{m2}:]"),
    (3, "{t} = {s}[::-1]"), (1, "{t} = {s}[::2]"), (2, "{t} = {s}[1:-1]"), (2, "{t} = {s}[{i}:]"), (2, "{t} = {s}[:{i}]"),
    (2, "{t} = {s}[{k}:] + {s}[:{k}]"), (1, "{t} = {s}[:{j}][::-1]"), (1, "{t} = {s} * 2"), (1, "{t} = {s}[{i}:{i} + 2]"),
    (1, "{t} = {s}[:{k}] + {s}[{k} + 1:]"), (1, "{s} = {s}[1:]"), (1, "{s} = {s}[:-1]"), (1, "{t} = len({s}) // 2"),
)  # fmt: skip
_TEXT: Rows = (
    (2, "{t} = {s}.upper()"), (2, "{t} = {s}.lower()"), (2, "{t} = {s}.swapcase()"), (1, "{t} = {s}.title()"), (1, "{t} = {s}.capitalize()"),
    (4, "{t} = {s}.replace({c}, {q})"), (2, "{t} = {s}.strip({c})"), (1, "{t} = {s}.lstrip({c})"), (1, "{t} = {s}.rstrip({c})"),
    (4, "{t} = {s}.split({c})"), (1.5, "{t} = {s}.split()"), (1, "{t} = {s}.rsplit({c}, 1)"), (2, "{t} = {s}.partition({c})"), (1, "{t} = {s}.rpartition({c})"),
    (4, "{t} = {c}.join({s})"), (2, "{t} = {s}.find({c})"), (1.5, "{t} = {s}.rfind({c})"), (1, "{t} = {s}.rindex({e})"), (2, "{t} = {s} + {c}"), (2, "{s} += {q}"),
    (1, "{t} = {s}.isalpha()"), (1, "{t} = {s}.isdigit()"), (1, "{t} = {s}.islower()"), (1, "{t} = {s}.isupper()"), (0.7, "{t} = {s}.isalnum()"), (0.7, "{t} = {s}.istitle()"),
    (2, "{t} = {s}.startswith({c})"), (2, "{t} = {s}.endswith({c})"), (1, "{t} = {s}.removeprefix({c})"), (1, "{t} = {s}.removesuffix({c})"),
    (1, "{t} = {s}.center(len({s}) + {m}, '*')"), (1, "{t} = {s}.zfill({w})"), (1, "{t} = {s}.ljust({w}, '.')"), (1, "{t} = {s}.rjust({w})"),
    (3, "{t} = list({s})"), (1, "{t} = sorted({s})"), (1, "{t} = ''.join(sorted({s}))"), (1, "{t} = set({s}) == set({c})"), (1, "{t} = {s}.encode('utf-8')"),
    (1, "{t} = [x for x in {s} if x != {e}]"), (1, "{t} = [x.upper() for x in {s}]"), (1, "{t} = ''.join([x for x in {s} if x in {c}])"), (1, "{t} = ord({s}[{k}])"),
)  # fmt: skip
_LIST: Rows = (
    (5, "{s}.append({o})"), (5, "{s}.insert({k}, {o})"), (2, "{s}.insert({j}, {o})"), (5, "{s}.remove({-e})"), (3, "{t} = {s}.pop()"), (3, "{t} = {s}.pop({-k})"),
    (1, "{s}.pop({-k})"), (4, "{s}[{k}] = {o}"), (2, "{s}[-{m2}] = {o}"), (2, "del {s}[{-k}]"), (2, "{s}.reverse()"), (2, "{s}.sort()"), (2, "{s}.extend([{o}, {e}])"),
    (2, "{s} += [{o}]"), (1, "{s}[{k}], {s}[{j}] = {s}[{j}], {s}[{k}]"), (1, "{s}[{k}] += {s}[{j}]"), (1, "{t} = {s}.copy()"), (1, "{t} = sorted({s})"), (1, "{t} = {s}.index({s}[{j}])"),
    (1, "{s} = {s}[1:]"), (1, "{t} = {s} + [{o}]"), (1, "if {e} in {s}:\n    {s}.append({e})"), (0.5, "{s}.insert(0, {s}.pop())"), (1, "{s}.insert(len({s}), {o})"),
)  # fmt: skip
_DICT: Rows = (
    (5, "{s}[{k}] = {o}"), (4, "{s}[{e}] = {o}"), (4, "{t} = {s}[{e}]"), (4, "{s}[{e}] += {m}"), (3, "{t} = {s}.get({e}, 0)"), (2, "{t} = {s}.get({k}, {m})"),
    (3, "{t} = {s}.pop({-e})"), (2, "del {s}[{-e}]"), (1, "{t} = {s}.pop({k}, None)"), (1, "{t} = {s}.popitem()"), (2, "{s}.update({{{e}: {o}}})"), (1, "{s}.update({{{k}: {o}}})"),
    (2, "{t} = {e} in {s}"), (1, "{t} = {k} in {s}"), (2, "{t} = len({s})"), (2, "{t} = list({s})"), (2, "{t} = list({s}.values())"), (1, "{t} = list({s}.keys())"),
    (2, "{t} = list({s}.items())"), (1, "{t} = sorted({s})"), (1, "{t} = {s}.setdefault({k}, {o})"), (1, "{t} = sum({s}.values())"), (1, "{t} = {s}.copy()"),
    (1, "if {e} in {s}:\n    {n} += {s}[{e}]"), (1, "{t} = max({s}.values())"), (1, "{t} = {{v: k for k, v in {s}.items()}}"),
)  # fmt: skip
_NUMBERS: Rows = (
    (5, "{t} = {s} + {i}"), (4, "{t} = {s} - {i}"), (3, "{t} = {s} * {m}"), (3, "{t} = {s} // {m}"), (4, "{t} = {s} % {m}"), (5, "{s} += {m}"), (3, "{s} -= {m}"), (4, "{n} += {s}"),
    (3, "{n} += {i}"), (2, "{n} -= 1"), (2, "{s} += 1"), (2, "{i} += 1"), (1, "{s} *= 2"), (1, "{s} //= 2"), (2, "{t} = {s} > {i}"), (2, "{t} = {s} == {i}"), (2, "if {s} == {i}:\n    {n} += 1"), (1, "if {s} != {i}:\n    {n} += {m}\nelse:\n    {n} -= 1"), (1, "{t} = max({s}, {i})"), (1, "{t} = min({s}, {m})"),
    (1, "{t} = abs({s} - {i})"), (2, "if {s} > {i}:\n    {n} += 1"), (2, "if {s} % 2 == 0:\n    {n} += {s}"), (1, "{t} = str({s}) + str({i})"), (1, "{t} = [{s}, {i}]"), (1, "{t} = list(range({i}))"),
    (1, "{t} = len(str({s}))"), (1, "{s}, {i} = {i}, {s}"),
)  # fmt: skip
_TESTS: Rows = (
    (3, "if {s} == {u}:\n    {n} += 1"), (2, "if {s} != {u}:\n    {n} += {m}"), (2, "if {e} in {u}:\n    {n} += 2"), (2, "if {s}[{k}] == {u}[{k}]:\n    {n} += 1\nelse:\n    {n} -= 1"),
    (2, "{t} = {s} == {u}"), (2, "{t} = {s}[{k}:] == {u}[{k}:]"), (2, "{t} = len({s}) == len({u})"), (1, "{t} = {s} == {s}[::-1]"), (1, "{t} = {s} < {u}"), (1, "{t} = {s} + {u}"),
    (2, "{t} = {s}[{k}] in {u}"), (2, "if len({s}) > len({u}):\n    {n} = len({s})\nelse:\n    {n} = len({u})"), (1, "{t} = {s}[0] == {u}[-1]"), (1, "if {s} == {u} or {s}[{k}] == {e}:\n    {n} += 3"),
)  # fmt: skip
_LOOPS: Rows = (
    (8, "for {x} in {s}:"), (3, "for {p} in range(len({s})):\n    {x} = {s}[{p}]"), (2, "for {p}, {x} in enumerate({s}):"),
    (1, "for {x} in {s}[::-1]:"), (1, "for {x} in {s}[{k}:]:"), (0.7, "for {x} in reversed({s}):"), (0.7, "for {x} in sorted({s}):"), (0.5, "for {x} in list({s}):"),
    (1, "{p} = 0\nwhile {p} < len({s}):\n    {x} = {s}[{p}]\n    {p} += 1"),
)  # fmt: skip
_BODIES: dict[str, Rows] = {
    "S": (
        (3, "{r}.append({x})"), (3, "{a} += {x}"), (2, "{a} = {x} + {a}"), (2, "{n} += 1"), (3, "if {x} == {e}:\n    {n} += 1"), (2, "if {x} != {e}:\n    {a} += {x}"),
        (2, "if {x} in {c}:\n    {n} += 1\nelse:\n    {a} += {x}"), (2, "{a} += {x}.upper()"), (1, "if {x}.isalpha():\n    {a} += {x}"), (1, "if {x}.islower():\n    {n} += 1"), (1, "if {x} not in {r}:\n    {r}.append({x})"),
        (1.5, "{d}[{x}] = {d}.get({x}, 0) + 1"), (1, "{n} += {s}.count({x})"), (1, "{r}.insert(0, {x})"), (1, "{a} += {x} * 2"),
    ),
    "LI": (
        (3, "{r}.append({x})"), (4, "{n} += {x}"), (2, "{n} += 1"), (2, "if {x} > {m}:\n    {n} += 1"), (2, "if {x} % 2 == 0:\n    {r}.append({x})"), (2, "if {x} == {e}:\n    {n} += 1"),
        (2, "{r}.append({x} + {m})"), (1, "{r}.append({x} * 2)"), (1, "{n} = max({n}, {x})"), (1, "{r}.insert(0, {x})"), (1, "if {x} not in {r}:\n    {r}.append({x})"), (1, "{d}[{x}] = {n}"),
    ),
    "LS": (
        (3, "{r}.append({x})"), (3, "{a} += {x}"), (3, "{n} += len({x})"), (2, "if {x} == {e}:\n    {n} += 1"), (2, "{r}.append(len({x}))"), (1, "{r}.append({x}.upper())"), (1, "{r}.append({x}[0:1])"),
        (1, "if len({x}) > {m}:\n    {r}.append({x})"), (1, "{r}.append({x}[::-1])"), (1, "{d}[{x}] = len({x})"), (1, "if {e} != {x}:\n    {a} += {x}"),
    ),
}  # fmt: skip


_BRANCHES: dict[str, Rows] = {
    kind: (
        (4, "if {x} == {e}:\n    {n} += {m}"), (2, "if {x} != {e}:\n    {n} += {m}"), (3, "if {x} == {e}:\n    {n} += 1\nelse:\n    {n} -= 1"), (2, "if {x} == {e}:\n    {r}.append({x})"),
        (2, "if {x} == {e}:\n    continue\n{n} += 1"), (1, "if {x} != {e}:\n    continue\n{r}.append({x})"), (1, "if {x} == {e}:\n    break\n{n} += 1"), (2, "if {x} == {s}[{k}]:\n    {n} += 1"),
        (2, "if {x} == {e}:\n    {n} += 1\nelif {x} == {e}:\n    {n} -= 1"), (1, "if {x} == {e} or {x} == {o}:\n    {n} += 1"), (1, "{r}.append({x} == {e})"), (1, "if {x} in {r}:\n    {n} += 1\nelse:\n    {r}.append({x})"),
        (1, "if {x} == {e}:\n    return {x}"), *more,
    )
    for kind, more in {
        "S": ((2, "{a} += '-' if {x} == {e} else {x}"), (2, "if {x} in {c}:\n    {a} += {x}"), (1, "if {x} < {e}:\n    {a} += {x}"), (2, "if {x}.isupper():\n    {n} += 1"), (1, "if {x}.isdigit():\n    {n} += 1")),
        "LI": ((2, "if {x} > {e}:\n    {n} += {x}"), (2, "if {x} <= {e}:\n    {r}.append({x})"), (2, "if {x} % 2 == 0:\n    {n} += 1"), (1, "{n} += 1 if {x} == {e} else 0")),
        "LS": ((1, "if {e} in {x}:\n    {n} += 1"), (1, "if {x} == {e}:\n    {a} += {x}"), (1, "if len({x}) == {m}:\n    {n} += 1")),
    }.items()
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Family:
    """Drills of one kind: which types they are about, and what their lines are made of."""

    weight: float
    kinds: str  # type codes, with spaces
    rows: Rows
    counts: tuple[int, ...] = (2, 3, 3, 4, 4, 5)
    bodies: dict[str, Rows] | None = None  # of loops, by type
    few: float = 0.0  # how often a value has only two or three different elements


FAMILIES = (
    Family(16, "S S LI LI LS", _SEQUENCE),
    Family(11, "S S LI LS", _COUNTS, few=0.5),
    Family(10, "S S LI LS", _CUTS),
    Family(12, "S", _TEXT),
    Family(14, "LI LI LS", _LIST),
    Family(6, "DSI", _DICT),
    Family(9, "I", _NUMBERS),
    Family(9, "S LI LS", _TESTS, (1, 2, 2, 3), few=0.5),
    Family(18, "S S LI LI LS", _LOOPS, (1,), _BODIES, few=0.3),
    Family(28, "S S LI LS", _LOOPS, (1,), _BRANCHES, few=0.85),
)
EQUAL = 0.35  # of second arguments that are compared with the first
_HOLE = re.compile(r"\{\{|\}\}|\{(-?\w+)\}")
_MADE = {"n": "0", "r": "[]", "a": "''", "d": "{}"}


@dataclass
class _Drill:
    rng: Random
    kind: str
    values: list[object]
    names: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)  # lines before the others
    results: list[str] = field(default_factory=list)
    gone: list[object] = field(default_factory=list)
    least: int = 0  # elements that each of the values has

    def name(self, hole: str) -> str:
        """The name that stands for a hole, drawn once."""
        if hole not in self.names:
            self.names[hole] = self.fresh()
        return self.names[hole]

    def fresh(self) -> str:
        """A name not in use."""
        while (name := names.plain(self.rng)) in (
            *self.names.values(),
            *self.results,
            "x",
            "k",
            "v",
        ):
            pass
        return name

    def element(self, *, takes: bool = False) -> str:
        """An element's literal; one that is not taken before where it is taken."""
        value = self.values[0]
        found = (
            [e for e in value if e not in self.gone] if isinstance(value, str | list | dict) else []
        )
        chosen = self.rng.choice(found or [0 if self.kind == "LI" else "a"])
        if takes:
            self.gone.append(chosen)
            self.least -= 1
        return repr(chosen)

    def other(self) -> str:
        """A literal of an element's type."""
        rng = self.rng
        if self.kind in ("LI", "DSI", "I"):
            return str(rng.choice((rng.randrange(10), rng.randrange(10), literals.integer(rng))))
        return repr(literals.key(rng) if self.kind == "LS" else rng.choice("abcdexyz -1"))

    def piece(self) -> str:
        """A short piece of a string."""
        value = self.values[0]
        if isinstance(value, str) and value and self.rng.random() < 0.8:
            at = self.rng.randrange(len(value))
            return repr(value[at : at + self.rng.choice((1, 1, 1, 2, 3))])
        return repr(self.rng.choice((" ", ",", "-", "ab", "a", "e")))

    def hole(self, name: str) -> str:
        """The text in the place of a hole."""
        rng = self.rng
        match name:
            case "t":
                self.results.append(self.fresh())
                return self.results[-1]
            case "k" | "j" if self.kind == "DSI":
                return repr(literals.key(rng))
            case "-k":
                self.least -= 1
                return str(rng.randrange(max(1, self.least + 1)))
            case "k" | "j":
                low, high = (0, self.least) if name == "k" else (self.least // 2, self.least)
                return str(rng.randrange(low, max(low + 1, high)))
            case "e" | "-e":
                return self.element(takes=name == "-e")
            case "o":
                return self.other()
            case "c":
                return self.piece()
            case "q":
                return repr(rng.choice(("", "-", "_", "a", "xy", " ", "!")))
            case "m":
                return str(rng.choice((1, 2, 2, 3, 3, 4, 5, 7, 10)))
            case "m2":
                return str(rng.randrange(1, max(2, min(4, self.least + 1))))
            case "w":
                return str(rng.randrange(4, 16))
        known = name in self.names
        text = self.name(name)
        if name in _MADE and not known:
            self.made.append(f"{text} = {_MADE[name]}")
            self.results.append(text)
        return text

    def add(self, template: str, indent: int = 1) -> None:
        """A template's lines."""

        def filled(match: re.Match[str]) -> str:
            return match[0][0] if match[1] is None else self.hole(match[1])

        for line in template.split("\n"):
            text = _HOLE.sub(filled, line)
            self.lines.append("    " * indent + text)


def drill(rng: Random, level: float) -> Sample:
    """A drill of a random family."""
    family = rng.choices(FAMILIES, [f.weight for f in FAMILIES])[0]
    kind = rng.choice(family.kinds.split())
    first = few(rng, kind) if rng.random() < family.few else value(rng, kind)
    values = variants(rng, kind, first)
    made = _Drill(rng, kind, values)
    made.least = min(len(v) if isinstance(v, str | list | dict) else 0 for v in values)
    made.name("s")
    for _ in range(rng.choice(family.counts)):
        if family.rows is _DICT and len(made.gone) + 1 >= made.least:
            break
        if family.rows is _LIST and made.least < 2:
            made.add("{s}.append({o})")
            made.least += 1
        template = rng.choices([t for _, t in family.rows], [w for w, _ in family.rows])[0]
        made.add(template)
        if family.bodies:
            bodies = family.bodies[kind]
            body = rng.choices([b for _, b in bodies], [w for w, _ in bodies])[0]
            at = len(made.lines)
            made.add(body, 2)
            if "while" in template:  # counted at the end
                made.lines.insert(len(made.lines), made.lines.pop(at - 1))
    parameters, rows = [made.names["s"]], [[v] for v in values]
    for hole in ("i", "u"):
        if hole in made.names:
            parameters.append(made.names[hole])
            second = variants(rng, kind, values[0]) if hole == "u" else None
            for number, row in enumerate(rows):
                equal = rng.random() < EQUAL and (hole == "u" or kind == "I")
                other = second[number] if second else number_for(rng, made)
                row.append(row[0] if equal else other)
    source = f"def {names.function(rng) if rng.random() < 0.5 else 'f'}({', '.join(parameters)}):\n"
    source += (
        "\n".join(["    " + line for line in made.made] + made.lines + [made_return(made)]) + "\n"
    )
    function = source[4 : source.index("(")]
    if function in parameters or f" {function} " in source:
        source, function = source.replace(f"def {function}(", "def f(", 1), "f"
    args = [", ".join(map(repr, row)) for row in rows]
    return Sample(source, function, args[0], tuple(args[1:]))


def number_for(rng: Random, made: _Drill) -> int:
    """A second argument: an index, or a number beside a number."""
    if made.kind == "I":
        return rng.choice((rng.randrange(10), rng.randrange(60), literals.integer(rng) % 500))
    return rng.randrange(max(1, made.least))


def made_return(made: _Drill) -> str:
    """The return: mostly of what was made last, or of what was changed in place."""
    rng = made.rng
    changed = made.names["s"]
    in_place = any(line.lstrip().startswith((f"{changed}.", f"{changed}[")) for line in made.lines)
    ways = [(8.0 if in_place else 0.7, changed), *((2.0, name) for name in made.results[-2:])]
    if len(made.results) > 1:
        ways += [
            (1.0, f"{made.results[-1]}, {made.results[0]}"),
            (0.4, f"[{', '.join(made.results[-3:])}]"),
        ]
    if "a" in made.names:
        ways += [(4.0, made.names["a"])]
    if "r" in made.names:
        ways += [(4.0, made.names["r"]), (1.0, f"len({made.names['r']})")]
    if "d" in made.names:
        ways += [(4.0, made.names["d"])]
    return f"    return {rng.choices([w for _, w in ways], [weight for weight, _ in ways])[0]}"


def value(rng: Random, kind: str) -> object:
    """What a drill is about: never empty, mostly not long."""
    if kind == "I":
        return rng.choice(
            (rng.randrange(10), rng.randrange(10, 100), rng.randrange(100), literals.integer(rng))
        )
    most = rng.choice((6, 8, 8, 12, 16, 28))
    while True:
        found = literals.value(rng, kind)
        if isinstance(found, str | list | dict) and 2 <= len(found) <= most:
            return found


def few(rng: Random, kind: str) -> object:
    """A value whose elements come again and again, so that tests of them go both ways."""
    size, count = rng.randrange(2, 13), rng.choice((2, 2, 3))
    match kind:
        case "S":
            pool = rng.choice(("abcdefghijklmnopqrstuvwxyz", "abcABC", "0123456789", "aeioubx ,-"))
            return "".join(rng.choices(rng.sample(pool, count), k=size))
        case "LI":
            return rng.choices(rng.sample(range(rng.choice((10, 100))), count), k=min(size, 9))
        case _:
            return rng.choices([literals.key(rng) for _ in range(count)], k=min(size, 6))


def variants(rng: Random, kind: str, first: object) -> list[object]:
    """The value, and as many others as a sample has: its elements in another order, some twice."""
    found = [first]
    for _ in range(MORE):
        match first:
            case str():
                found.append("".join(shuffled(rng, list(first))))
            case list():
                found.append(shuffled(rng, first))
            case dict():
                values = shuffled(rng, list(first.values()))
                found.append(dict(zip(shuffled(rng, list(first), same=True), values, strict=False)))
            case _:
                found.append(value(rng, kind))
    return found


def shuffled(rng: Random, items: list[Any], *, same: bool = False) -> list[Any]:
    """Another order; unless `same`, sometimes with one or two of the items once more."""
    found = rng.sample(items, len(items)) if rng.random() < 0.7 else list(items)
    for _ in range(0 if same else rng.choice((0, 0, 1, 2))):
        found.insert(rng.randrange(len(found) + 1), rng.choice(items))
    return found
