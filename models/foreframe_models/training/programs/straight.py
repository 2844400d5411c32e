"""Random straight lines of functions: assignments, mutations, returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from foreframe_models.training.programs.expressions import Expressions, Names, NoVariable
from foreframe_models.training.programs.operations import ASSIGNED, MUTATIONS, RETURNED, SHOWN_TYPES


@dataclass
class Lines:
    """Lines of a function under construction."""

    rng: Random
    draw: Expressions
    scope: Names
    level: float  # 0: short straight lines; 1: everything
    returns: str
    lines: list[str] = field(default_factory=list)
    indent: int = 1
    loops: int = 0
    in_function: bool = True
    unit: str = "    "

    def add(self, text: str) -> None:
        """One line at the present indent."""
        self.lines.append(self.unit * self.indent + text)

    def expression(self, kind: str, depth: int = 2) -> str:
        """An expression over what is in scope."""
        return self.draw.expression(kind, self.scope, depth)

    def depth(self) -> int:
        """How nested an expression may be."""
        return self.rng.choice((1, 1, 1, 2, 2, 3) if self.level > 0.3 else (1, 1, 2))

    def kind(self) -> str:
        """A type to make a value of: those that variables of a kin exist for, more often."""
        kinds, weights = zip(*ASSIGNED, strict=True)
        present = set(self.scope.types.values())
        kin = {"I": "LI LLI SI TI", "S": "LS DSS", "DSI": "LT LS", "LS": "S", "LI": "I LLI"}
        for _ in range(4):
            kind = self.rng.choices(kinds, weights)[0]
            if kind in present or present & set(kin.get(kind, "").split()):
                return kind
        return kind

    def assign(self) -> None:
        """A new variable, or an old one of the same type bound again."""
        rng = self.rng
        kind = self.kind()
        text = self.expression(kind, self.depth())
        same = [n for n, k in self.scope.types.items() if k == kind]
        roll = rng.random()
        if same and roll < 0.25:
            name = rng.choice(same)
            self.scope.unread.add(name)
        else:
            name = self.scope.bind(self.draw.fresh(self.scope), kind)
        if roll > 0.99:
            self.add(f"{name}: {SHOWN_TYPES.get(kind, 'object')} = {text}")
        else:
            self.add(f"{name} = {text}")

    def swap(self) -> None:
        """Several targets at once."""
        rng = self.rng
        ints = [n for n, k in self.scope.types.items() if k == "I"]
        roll = rng.random()
        if len(ints) > 1 and roll < 0.4:
            a, b = rng.sample(ints, 2)
            self.scope.unread |= {a, b}
            self.add(rng.choice((f"{a}, {b} = {b}, {a}", f"{a}, {b} = {b}, {a} + {b}")))
        elif roll < 0.7:
            kinds = rng.choices("IS", k=2)
            texts = [self.expression(k, 1) for k in kinds]
            targets = [self.scope.bind(self.draw.fresh(self.scope), k) for k in kinds]
            self.add(f"{', '.join(targets)} = {', '.join(texts)}")
        elif roll < 0.85:
            source = self.draw.variable("LI", self.scope)
            first = self.scope.bind(self.draw.fresh(self.scope), "I")
            rest = self.scope.bind(self.draw.fresh(self.scope), "LI")
            self.add(rng.choice((f"{first}, *{rest} = {source}", f"*{rest}, {first} = {source}")))
        else:
            text = self.expression("S", 1)
            left, middle, right = (
                self.scope.bind(self.draw.fresh(self.scope), "S") for _ in range(3)
            )
            self.add(f"{left}, {middle}, {right} = {text}.partition({self.draw.literal('S')})")

    def mutate(self) -> None:
        """Changes a variable by an operation of its type."""
        rng = self.rng
        found = [n for n, k in self.scope.types.items() if k in MUTATIONS]
        if self.loops:  # what loops gather into
            found += [
                n
                for n in found
                if self.scope.types[n] in ("LI", "LS", "DSI", "S") and n in self.scope.unread
            ]
        if not found:
            raise NoVariable("any")
        name = rng.choice(found)
        kind = self.scope.types[name]
        rows = MUTATIONS[kind]
        if self.loops and kind not in ("I", "F"):  # growing twice each time round gets long
            rows = [r for r in rows if "*=" not in r[1] and "clear" not in r[1]]
        template = rng.choices(rows, [w for w, _ in rows])[0][1]
        scope = self.scope.copy()
        if kind in ("S", "LI", "LS", "LLI", "TI", "DSI"):
            scope.types.pop(name)
        text = self.draw.fill(template.replace("{v}", name), scope, rng.choice((0, 1, 1)))
        self.scope.unread.add(name)
        self.add(text)

    def finish(self) -> None:
        """A return of what has not been read yet."""
        rng = self.rng
        left = [n for n in self.scope.unread if n in self.scope.types]
        left.sort(key=list(self.scope.types).index)
        if not left:
            self.add(f"return {self.expression(self.returns, 2)}")
        elif len(left) == 1:
            name = left[0]
            kind = self.scope.types[name]
            self.scope.unread.discard(name)
            if rng.random() < 0.55:
                self.add(f"return {name}")
            else:
                ways = RETURNED.get(kind, ("{v}",))
                self.add(f"return {rng.choice(ways).format(v=name)}")
        elif len(left) <= 4:
            together = ", ".join(left)
            self.add(f"return {rng.choice((together, together, f'({together})', f'[{together}]'))}")
        else:
            self.add(f"return {', '.join(left[-4:])}")
