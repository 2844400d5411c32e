"""Random expressions of a wanted type, from templates with typed holes.

In a template `{I}` is an expression of type I (see `literals`), `{vLI}` a variable of type LI,
`{i}` an index, `{k}` a small positive number, `{n}` any number, `{s}` a short string literal, `{c}`
one of a single character, `{fill}` one of punctuation; `{x.I:LI}` binds a new name of type I for
the holes after it (`{x}` is that name) and stands for its text.
"""

# ruff: noqa: E501 - tables read better with one template a line

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from random import Random

from foreframe_models.training.programs import literals, names

# (weight, template); a template that starts with "~" is an operator expression
TEMPLATES: dict[str, list[tuple[float, str]]] = {
    "I": [
        (5, "~{I} + {I}"), (4, "~{I} - {I}"), (4, "~{I} * {k}"), (3, "~{I} // {k}"),
        (4, "~{I} % {k}"), (1, "~{I} * {I}"), (1, "~-{I}"), (1, "~{I} ** 2"), (0.5, "~{I} & {k}"),
        (0.5, "~{I} | {k}"), (0.5, "~{I} ^ {k}"), (0.4, "~{I} << 1"), (0.4, "~{I} >> 1"),
        (1, "~{I} if {B} else {I}"), (4, "len({S})"), (4, "len({LI})"), (3, "len({LS})"),
        (1, "len({DSI})"), (2, "sum({LI})"), (2, "max({LI})"), (2, "min({LI})"), (1, "abs({I})"),
        (1, "max({I}, {I})"), (1, "min({I}, {I})"), (4, "{vLI}[{i}]"), (1, "{vLI}[-1]"),
        (4.5, "{vS}.count({s})"), (2, "{S}.find({s})"), (1.5, "{S}.rfind({s})"), (1.2, "{S}.index({s})"),
        (1.6, "{S}.rindex({s})"), (3, "{vLI}.count({I})"), (2.1, "{vLI}.index({vLI}[{i}])"),
        (3, "{vDSI}.get({s}, {i})"), (1, "ord({vS}[{i}])"), (1, "int({F})"), (1, "round({F})"),
        (1, "int({N})"), (0.5, "divmod({I}, {k})[0]"), (1, "sum({vDSI}.values())"),
        (1, "len(set({LI}))"), (1, "len(set({S}))"), (1, "{vTI}[{i}]"), (0.3, "pow({I}, 2, {k})"),
        (0.3, "abs({I}).bit_length()"), (1, "sum({x} for {x.I:LI} if {B})"),
        (1, "sum(1 for {x.S:S} if {B})"), (0.6, "sum([{I} for {x.I:LI}])"),
        (0.5, "max({vDSI}.values())"), (1, "len({S}.split())"), (0.6, "len({S}.split({s}))"),
        (0.6, "len({SI})"), (0.5, "sum({vTI})"), (0.5, "len({vLLI}[{i}])"), (0.5, "{vLLI}[{i}][{i}]"),
        (0.4, "int({B})"), (0.4, "{vLI}.pop()"), (0.3, "next(({x} for {x.I:LI} if {B}), {n})"),
        (0.4, "max(map(len, {vLS}))"), (0.45, "{vDSL}.get({s}, []).count({I})"), (0.4, "{vLT}[{i}][1]"),
    ],
    "S": [
        (5, "~{S} + {S}"), (3, "{S}.upper()"), (3, "{S}.lower()"), (2, "{S}.strip()"),
        (1, "{S}.strip({fill})"), (2, "{S}.lstrip({fill})"), (2.5, "{S}.rstrip({fill})"),
        (1.5, "{S}.title()"), (1.5, "{S}.capitalize()"), (2.25, "{S}.swapcase()"),
        (6, "{S}.replace({s}, {s})"), (4, "{vS}[{i}]"), (1, "{vS}[-1]"), (3, "{S}[{i}:]"),
        (3, "{S}[:{i}]"), (3, "{S}[{i}:{j}]"), (3, "{S}[::-1]"), (1, "{S}[-{k}:]"),
        (1, "{S}[:-{k}]"), (1, "{S}[::2]"), (0.5, "{S}[{i}::{k}]"), (0.5, "{S}[-{k}::-1]"),
        (8, "{s}.join({LS})"), (7, "''.join({LS})"), (2, "str({I})"), (2, "{S}.zfill({w})"),
        (1.5, "{S}.center({w}, {fill})"), (2, "{S}.ljust({w}, {fill})"), (2, "{S}.rjust({w})"),
        (1, "{S}.split({s})[0]"), (1, "{S}.split()[-1]"), (1.4, "{S}.partition({s})[2]"),
        (1.4, "{S}.rpartition({s})[0]"), (1, "{S}.expandtabs({k})"), (1.75, "{S}.casefold()"),
        (2.5, "{S}.removeprefix({s})"), (2, "{S}.removesuffix({s})"), (2, "~{S} * {k}"),
        (2, "f'{{{S!}}}{f}{{{I!}}}'"), (1, "f'{f}{{{S!}}}'"), (1, "'{{}}{f}{{}}'.format({S}, {I})"),
        (0.6, "~'%s{f}%d' % ({S}, {I})"), (0.5, "f'{{{I!}:0{w}d}}'"), (0.5, "f'{{{F!}:.2f}}'"),
        (1, "chr(ord({c}) + {k})"), (2, "{vLS}[{i}]"), (1.5, "{vDSS}.get({s}, {s})"),
        (1.5, "{vDIS}.get({I}, {s})"), (0.5, "min({vLS})"), (0.5, "max({vLS}, key=len)"),
        (2, "''.join([{S} for {x.S:S} if {B}])"), (1.5, "''.join({S} for {x.S:S})"),
        (1, "''.join(sorted({S}))"), (1, "''.join(reversed({S}))"), (1, "~{S} if {B} else {S}"),
        (1.2, "{S}.translate(str.maketrans({c}, {c}))"), (0.4, "bin({I})"), (0.3, "hex({I})"),
        (1.2, "{S}.encode('utf-8').decode('utf-8')"), (0.4, "repr({S})"), (0.5, "str({LI})"),
        (0.5, "{S}.replace({s}, '', 1)"), (0.3, "type({S}).__name__"), (0.4, "{vLT}[{i}][0]"),
        (0.6, "' '.join({S}.split()[::-1])"), (0.4, "{vDSS}.pop({s}, {s})"), (0.3, "str({F})"),
    ],
    "B": [
        (5, "~{I} > {n}"), (4, "~{I} < {n}"), (3, "~{I} == {I}"), (2, "~{I} != {n}"),
        (2, "~{I} >= {I}"), (2, "~{I} <= {I}"), (4, "~{I} % {k2} == 0"), (2, "~{I} % 2 != 0"),
        (4, "~{s} in {vS}"), (2, "~{s} not in {vS}"), (3, "~{I} in {vLI}"), (1, "~{n} not in {vLI}"),
        (2, "~{s} in {vDSI}"), (2, "~{S} == {S}"), (1, "~{S} != {s}"), (1, "~{c} <= {c}"),
        (3, "{S}.startswith({s})"), (3.9, "{S}.endswith({s})"), (4, "{vS}.isdigit()"),
        (3, "{vS}.isalpha()"), (3, "{vS}.isalnum()"), (3, "{vS}.isupper()"), (4.5, "{vS}.islower()"),
        (3, "{vS}.isspace()"), (2.1, "{vS}.istitle()"), (2, "{vS}.isnumeric()"),
        (2, "{vS}.isdecimal()"), (1, "{vS}.isidentifier()"), (1, "{vS}.isascii()"),
        (0.3, "{vS}.isprintable()"), (1.5, "~{B} and {B}"), (1.5, "~{B} or {B}"), (1.5, "~not {B}"),
        (1, "any({B} for {x.I:LI})"), (1, "all({B} for {x.I:LI})"), (0.6, "any({B} for {x.S:S})"),
        (0.6, "all({B} for {x.S:S})"), (1, "bool({LI})"), (0.6, "bool({S})"), (0.6, "isinstance({I}, int)"),
        (0.4, "isinstance({S}, (int, float))"), (0.6, "~{LI} == {LI}[::-1]"), (0.6, "~{S} == {S}[::-1]"),
        (1, "~len({S}) > {i}"), (1, "~len({LI}) > {i}"), (0.5, "~{k} < {I} < {n}"),
        (0.4, "{SI}.issubset({SI})"), (0.4, "~{I} in {SI}"), (0.6, "~{vDSI}.get({s}) is None"),
        (0.6, "~{vDSS}.get({s}) is not None"), (0.4, "{SI}.isdisjoint({SI})"), (0.3, "~{F} > {F}"),
        (1.2, "~{c} in 'aeiou'"), (1.2, "~{vS} in {s}"), (0.3, "~{LI} < {LI}"), (0.3, "callable({I})"),
    ],
    "F": [
        (3, "~{I} / {k}"), (2, "~{F} + {F}"), (2, "~{F} * {k}"), (1, "~{F} - {I}"), (1, "float({I})"),
        (2, "round({F}, {k2})"), (1, "abs({F})"), (1, "~sum({vLI}) / len({vLI})"), (1, "{vLF}[{i}]"),
        (1, "sum({LF})"), (1, "max({vLF})"), (0.5, "min({vLF})"), (0.5, "float({N})"), (0.5, "~{I} * 0.5"),
    ],
    "LI": [
        (3, "~{LI} + {LI}"), (3, "sorted({LI})"), (1.5, "sorted({LI}, reverse=True)"),
        (3, "{LI}[{i}:]"), (3, "{LI}[:{i}]"), (3, "{LI}[{i}:{j}]"), (3, "{LI}[::-1]"), (1, "{LI}[::2]"),
        (1, "{LI}[-{k}:]"), (1, "{LI}[:-{k}]"), (2, "list(range({i}))"), (1.5, "list(range({i}, {w}))"),
        (0.7, "list(range({w}, {i}, -{k}))"), (4, "[{I} for {x.I:LI}]"), (4, "[{x} for {x.I:LI} if {B}]"),
        (1.5, "[{I} for {x.I:LI} if {B}]"), (2, "list(map(lambda {x.I:LI!}: {I}, {it}))"),
        (2, "list(filter(lambda {x.I:LI!}: {B}, {it}))"), (2, "[{I} for {x.S:LS}]"),
        (1.5, "[len({x}) for {x.S:LS}]"), (1, "[int({x}) for {x.S:N}]"), (1, "list(map(int, {N}))"),
        (1, "list(set({LI}))"), (1, "sorted(set({LI}))"), (1, "list({vDSI}.values())"),
        (1, "sorted({vDSI}.values())"), (1, "list({vDIS}.keys())"), (1, "list(reversed({LI}))"),
        (5.25, "{vLI}.copy()"), (1, "list({TI})"), (0.7, "list({SI})"), (1, "~{LI} * 2"), (1, "[{I}, {I}]"),
        (0.6, "[{I}, *{vLI}]"), (1, "{vLLI}[{i}]"), (0.6, "sum({vLLI}, [])"), (0.6, "~[0] * {k}"),
        (0.7, "[{x} for row in {vLLI} for {x.I:row}]"), (0.7, "[sum({x}) for {x.LI:LLI}]"),
        (0.6, "sorted({LI}, key=lambda {x.I:LI!}: {I})"), (0.6, "[ord({x}) for {x.S:S}]"),
        (0.75, "{vDSL}.get({s}, [])"), (0.75, "[{vS}.count({x}) for {x.S:LS}]"),
    ],
    "LS": [
        (4, "{S}.split()"), (3, "{S}.split({s})"), (2, "{S}.rsplit({s}, 1)"), (3.2, "{S}.splitlines()"),
        (1, "{S}.split({s}, {k})"), (6, "list({S})"), (2, "sorted({LS})"), (1, "sorted({S})"),
        (1, "sorted({LS}, key=len)"), (1, "sorted({LS}, reverse=True)"), (2, "{LS}[{i}:]"),
        (2, "{LS}[:{i}]"), (2, "{LS}[::-1]"), (1, "{LS}[{i}:{j}]"), (4, "[{S} for {x.S:LS}]"),
        (3, "[{x} for {x.S:LS} if {B}]"), (2, "[{x} for {x.S:S} if {B}]"), (1.5, "[{S} for {x.S:S}]"),
        (1, "[{x}.strip() for {x.S:LS}]"), (1, "list(map(str, {LI}))"), (1, "[str({x}) for {x.I:LI}]"),
        (1, "list(map(str.upper, {LS}))"), (1, "list({vDSI}.keys())"), (1, "list({vDSI})"), (1, "sorted({vDSI})"),
        (1, "list({vDIS}.values())"), (1, "~{LS} + {LS}"), (1, "[{S}, {S}]"), (3.5, "{vLS}.copy()"),
        (1, "sorted(set({S}))"), (0.6, "list(filter(None, {LS}))"), (0.6, "[{vS}[i] for i in range(len({vS}))]"),
        (1.8, "list(dict.fromkeys({S}))"), (0.6, "[{x} for {x.S:LS} if {x} not in {vLS}]"),
        (0.6, "sorted({vDSI}, key={vDSI}.get)"), (0.5, "list(filter(lambda {x.S:LS!}: {B}, {it}))"),
        (1, "list({S}.partition({s}))"), (0.5, "[{vS}[i:i + {k}] for i in range(0, len({vS}), {k})]"),
        (0.5, "[*{S}]"), (0.4, "[{x}[0] for {x.TSI:LT}]"), (0.4, "{S}.lower().split()"),
    ],
    "LF": [(2, "[{F} for {x.I:LI}]"), (2, "sorted({LF})"), (1, "[round({x}, 1) for {x.F:LF}]"), (1, "{LF}[{i}:]")],
    "LLI": [
        (2, "[{x}[::-1] for {x.LI:LLI}]"), (2, "[[{I}, {I}], [{I}]]"), (2, "[sorted({x}) for {x.LI:LLI}]"),
        (1, "{LLI}[::-1]"), (1, "[{vLI}[i:i + {k2}] for i in range(0, len({vLI}), {k2})]"),
        (1, "[list({x}) for {x.TI:ZIP}]"), (1, "[{x} for {x.LI:LLI} if {x}]"), (1, "[[{I} for y in range({k})] for {x.I:LI}]"),
        (1, "sorted({LLI}, key=len)"), (1, "[{LI}, {LI}]"), (0.7, "[{x} + [{n}] for {x.LI:LLI}]"),
    ],
    "DSI": [
        (3, "{{{x}: len({x}) for {x.S:LS}}}"), (4.5, "{{{x}: {vS}.count({x}) for {x.S:S}}}"),
        (2, "{{{s}: {I}, {s}: {I}}}"), (2, "dict(zip({LS}, {LI}))"), (2, "{{{x}: {I} for {x.S:LS}}}"),
        (1, "dict({vLT})"), (1, "{{y: {x} for {x.I:0}, y in enumerate({LS})}}"), (5.25, "{vDSI}.copy()"),
        (3, "dict.fromkeys({LS}, {i})"), (1, "{{k: v for k, v in {vDSI}.items() if v > {n}}}"),
        (1, "{{k: v * {k2} for k, v in {vDSI}.items()}}"), (0.7, "{{**{vDSI}, {s}: {I}}}"),
        (0.7, "dict(sorted({vDSI}.items()))"), (0.7, "~{vDSI} | {vDSI}"),
        (0.6, "dict(sorted({vDSI}.items(), key=lambda pair: pair[1]))"),
    ],
    "DSS": [(2, "{{{x}: {S} for {x.S:LS}}}"), (2, "{{{s}: {S}, {s}: {S}}}"), (1, "dict(zip({LS}, {LS}))"), (3.5, "{vDSS}.copy()"), (0.7, "{{v: k for k, v in {vDSS}.items()}}")],
    "DIS": [(2, "{{{I}: {S}}}"), (2, "{{i: {x} for i, {x.S:ENS}}}"), (1, "{{len({x}): {x} for {x.S:LS}}}"), (1, "dict(enumerate({LS}))"), (0.7, "{{v: k for k, v in {vDSI}.items()}}")],
    "DSL": [(2, "{{{s}: {LI}, {s}: {LI}}}"), (2, "{{{x}: [{I}] for {x.S:LS}}}"), (1, "{{k: v[::-1] for k, v in {vDSL}.items()}}")],
    "TI": [(3, "({I}, {I})"), (2, "tuple({LI})"), (1, "({I}, {I}, {I})"), (1, "~{TI} + ({I},)"), (1, "divmod({I}, {k})"), (1, "{TI}[::-1]"), (0.6, "(min({vLI}), max({vLI}))")],
    "LT": [(2, "list({vDSI}.items())"), (2, "list(zip({LS}, {LI}))"), (2, "[({x}, {I}) for {x.S:LS}]"), (1, "sorted({vDSI}.items())"), (1, "sorted({LT}, key=lambda pair: pair[1])"), (0.8, "sorted({vDSI}.items(), key=lambda pair: (-pair[1], pair[0]))")],
    "SI": [(3, "set({LI})"), (1, "~{SI} | {SI}"), (1, "~{SI} & {SI}"), (1, "~{SI} - {SI}"), (1, "{{{I} for {x.I:LI}}}"), (0.5, "{SI}.union({LI})"), (0.5, "{SI}.intersection({LI})"), (0.5, "{SI}.difference({LI})"), (0.4, "~{SI} ^ {SI}"), (0.4, "{SI}.symmetric_difference({LI})"), (0.4, "frozenset({LI})")],
    "N": [(2, "str(abs({I}))"), (1, "''.join(filter(str.isdigit, {S})) or '0'")],
    "TSI": [(1, "({S}, {I})")],
}  # fmt: skip
_WEIGHTS = {kind: [w for w, _ in rows] for kind, rows in TEMPLATES.items()}
_HOLE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")
_WORD = re.compile(r"[A-Za-z_]\w*")
_DEPENDENT = re.compile(r"\{x\.(\w+):(\w+)(!?)\}")


@cache
def method_weights(factor: float) -> dict[str, list[float]]:
    """Weights of `TEMPLATES` with methods, subscripts and slices `factor` times as frequent."""
    return {
        kind: [w * (factor if "}." in t or "}[" in t else 1) for w, t in rows]
        for kind, rows in TEMPLATES.items()
    }


class NoVariable(Exception):
    """A template needs a variable of a type that is not in scope."""


@dataclass
class Names:
    """What is in scope: name → type code, and what has not been read yet."""

    types: dict[str, str] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def bind(self, name: str, kind: str) -> str:
        """A variable bound by the program."""
        self.types[name] = kind
        self.unread.add(name)
        return name

    def copy(self) -> Names:
        """An inner scope's view."""
        return Names(dict(self.types), self.unread)


class Expressions:
    """Draws expressions over the names in scope. `strings` and `numbers` are what literals are
    drawn from most of the time: parts of the arguments' values, so that tests go both ways.
    `methods`: how much more often methods, subscripts and slices come than their weights say."""

    def __init__(self, rng: Random, methods: float = 1.0) -> None:
        self.rng = rng
        self.weights = _WEIGHTS if methods == 1 else method_weights(methods)
        self.strings: list[str] = ["a", "e", " ", "x"]
        self.numbers: list[int] = [0, 1, 2, 3]
        self.quote = "'"

    def learn(self, value: object) -> None:
        """Takes literals from an argument's value."""
        rng = self.rng
        match value:
            case bool():
                pass
            case int():
                self.numbers.append(value)
            case str() if value:
                for _ in range(3):
                    start = rng.randrange(len(value))
                    self.strings.append(value[start : start + rng.choice((1, 1, 1, 2, 3))])
            case dict():
                for key, item in list(value.items())[:4]:
                    if isinstance(key, str):
                        self.strings += (key, key)
                    self.learn(item)
            case list() | tuple() | set():
                for item in list(value)[:5]:
                    self.learn(item)

    def fresh(self, scope: Names) -> str:
        """A name that is not in scope."""
        while True:
            name = names.variable(self.rng)
            if name not in scope.types:
                return name

    def expression(self, kind: str, scope: Names, depth: int = 2) -> str:
        """Text of an expression of type `kind`, about a variable if one can be had."""
        for _ in range(5):
            text = self.drawn(kind, scope, depth)[0]
            if not scope.types or not scope.types.keys().isdisjoint(_WORD.findall(text)):
                break
        return text

    def drawn(self, kind: str, scope: Names, depth: int) -> tuple[str, bool]:
        """The text, and whether it is an operator expression."""
        rng = self.rng
        if depth <= 0 or rng.random() < 0.12:
            text = self.leaf(kind, scope)
            return text, "= " in text or " > " in text or " < " in text
        rows = TEMPLATES[kind]
        for _ in range(6):
            template = rng.choices(rows, self.weights[kind])[0][1]
            try:
                return self.fill(template, scope, depth - 1), template[0] == "~"
            except NoVariable:
                continue
        return self.leaf(kind, scope), False

    def variable(self, kind: str, scope: Names) -> str:
        """A variable of type `kind`, one not read yet if there is. Raises NoVariable."""
        found = [name for name, k in scope.types.items() if k == kind]
        if not found:
            raise NoVariable(kind)
        unread = [name for name in found if name in scope.unread]
        name = self.rng.choice(unread if unread and self.rng.random() < 0.7 else found)
        scope.unread.discard(name)
        return name

    def leaf(self, kind: str, scope: Names) -> str:
        """A variable, or a literal."""
        chance = {"I": 0.75, "S": 0.85, "B": 0.4, "F": 0.6}.get(kind, 0.88)
        if self.rng.random() < chance:
            try:
                return self.variable(kind, scope)
            except NoVariable:
                pass
        if kind == "B" and scope.types:
            name = self.rng.choice(list(scope.types))
            if scope.types[name] in ("I", "F"):
                return f"{name} {self.rng.choice(('>', '<', '=='))} {self.literal('I')}"
            if scope.types[name] != "B":
                return f"{name} {self.rng.choice(('!=', '=='))} {self.literal(scope.types[name])}"
        return self.literal(kind)

    def string(self, text: str) -> str:
        """A string literal, in the quotes of this program where it can be."""
        shown = repr(text)
        if self.quote == '"' and '"' not in shown and shown[0] == "'" and "\\'" not in shown:
            return f'"{shown[1:-1]}"'
        return shown

    def literal(self, kind: str) -> str:
        """A literal of type `kind`, shorter than arguments are."""
        rng = self.rng
        match kind:
            case "I":
                return str(rng.choice(self.numbers) if rng.random() < 0.5 else rng.randrange(0, 12))
            case "S":
                known = rng.random() < 0.5
                return self.string(rng.choice(self.strings) if known else literals.key(rng))
            case "LI":
                return repr(literals.integers(rng, 5))
            case "TSI":
                return repr((literals.key(rng), literals.integer(rng)))
        shown = literals.value(rng, kind)
        return repr(shown) if len(repr(shown)) < 40 else repr(type(shown)())

    def hole(self, name: str, scope: Names, depth: int) -> tuple[str, bool]:
        """What a hole is filled with, and whether it is an operator expression."""
        rng = self.rng
        match name:
            case "i":
                return str(rng.choice((0, 0, 1, 1, 1, 2, 2, 3, 4))), False
            case "j":
                return str(rng.choice((-1, -1, -2, 2, 3, 4, 5, 6))), False
            case "k":
                return str(rng.choice((1, 2, 2, 2, 3, 3, 4, 5, 7, 10))), False
            case "k2":
                return str(rng.choice((2, 2, 2, 3, 4, 5))), False
            case "w":
                return str(rng.randrange(4, 16)), False
            case "n":
                return self.literal("I"), False
            case "s":
                if rng.random() < 0.75:
                    return self.string(rng.choice(self.strings)), False
                return self.string(rng.choice((" ", ",", "", "-", "_", ".", "a", "b", "x"))), False
            case "c":
                known = [s for s in self.strings if len(s) == 1]
                return self.string(rng.choice(known)), False
            case "fill":
                return self.string(rng.choice("*-_#.0 !x=")), False
            case "f":
                return rng.choice((": ", " ", "-", "=", "", ", ", "/")), False
        if name[0] == "v" and name[1:] in TEMPLATES:
            return self.variable(name[1:], scope), False
        return self.drawn(name, scope, depth)

    def fill(self, template: str, scope: Names, depth: int) -> str:
        """The template with its holes filled. Raises NoVariable."""
        operator = template[0] == "~"
        template = template.lstrip("~")
        inner = scope
        name = source = ""
        dependent = _DEPENDENT.search(template)
        if dependent:
            inner = scope.copy()
            name = self.fresh(scope)
            source = self.source(dependent.group(2), scope, depth)
            inner.types[name] = dependent.group(1)
            if dependent.group(1) in ("I", "S"):  # what it is about, twice as likely to be drawn
                inner.unread = {name, *scope.unread}
            shown = name if dependent.group(3) or dependent.group(2) in ("0", "ENS") else ""
            if dependent.group(2) == "ENS":
                shown = f"{name} in enumerate({source})"
            template = (
                template[: dependent.start()]
                + (shown or f"{name} in {source}").replace("{", "{{").replace("}", "}}")
                + template[dependent.end() :]
            )

        def replacement(match: re.Match[str]) -> str:
            whole = match.group()
            if whole in ("{{", "}}"):
                return whole[0]
            hole = match.group(1)
            if hole == "x":
                return name
            if hole == "it":
                return source
            plain = hole.rstrip("!")
            text, is_operator = self.hole(plain, inner, depth)
            after = template[match.end() : match.end() + 1]
            if hole.endswith("!"):  # inside an f-string: nothing that needs other quotes
                text = self.variable(plain, inner) if {"'", '"', "\\", "{"} & set(text) else text
                return f"({text})" if is_operator and ":" in text else text
            tight = after in (".", "[") and after
            if tight and re.fullmatch(r"-?\d+(\.\d+)?", text):
                return f"({text})"
            return f"({text})" if is_operator and (operator or tight) else text

        return _HOLE.sub(replacement, template)

    def source(self, kind: str, scope: Names, depth: int) -> str:
        """What a comprehension goes over."""
        match kind:
            case "0" | "row":
                return kind if kind == "row" else ""
            case "ZIP":
                return f"zip({self.variable('LI', scope)}, {self.variable('LI', scope)})"
            case "ENS":
                return self.expression("LS", scope, min(depth, 0))
        if self.rng.random() < 0.7:
            try:
                return self.variable(kind, scope)
            except NoVariable:
                pass
        text, operator = self.drawn(kind, scope, min(depth, 1))
        return f"({text})" if operator and " if " in text else text
