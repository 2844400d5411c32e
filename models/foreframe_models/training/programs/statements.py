"""Random bodies of functions: straight lines, branches, loops, exceptions."""

from __future__ import annotations

from foreframe_models.training.programs.expressions import Names, NoVariable
from foreframe_models.training.programs.operations import EMPTY, ERRORS, GATHERED, LOOPS
from foreframe_models.training.programs.straight import Lines


class Body(Lines):
    """Lines of a function under construction, with blocks."""

    def statements(self, budget: int) -> None:
        """About `budget` lines."""
        while budget > 0:
            start = len(self.lines)
            try:
                self.statement(budget)
            except NoVariable:
                del self.lines[start:]
                self.assign()
            budget -= max(1, len(self.lines) - start)

    def statement(self, budget: int) -> None:
        """One statement with all inside it."""
        rng, deep = self.rng, self.indent > 3
        roll = rng.random()
        loop = (0.10 + 0.22 * self.level) * (0.5 if self.loops else 1)
        if budget >= 2 and not deep and roll < loop:
            self.loop(budget - 1)
        elif budget >= 2 and not deep and roll < loop + 0.16:
            self.branch(budget - 1)
        elif budget >= 3 and not deep and roll < loop + 0.185:
            self.attempt()
        elif roll < loop + 0.42:
            self.mutate()
        elif roll < loop + 0.45:
            self.swap()
        elif roll < loop + 0.455:
            self.add(f"assert {self.expression('B', 1)}")
        elif roll < loop + 0.46 and self.scope.types:
            self.add(f"print({self.expression(rng.choice('IS'), 1)})")
        else:
            self.assign()

    def block(self, budget: int) -> None:
        """An indented block; names bound in it are gone after it, as it may not have run."""
        outer = self.scope
        self.scope = outer.copy()
        self.scope.unread = set(outer.unread)
        self.indent += 1
        start = len(self.lines)
        self.statements(max(1, budget))
        if len(self.lines) == start:
            self.add("pass")
        self.indent -= 1
        lost = {n for n in self.scope.unread if n not in outer.types}
        if lost and self.in_function:  # bound and never read: dead code is not what people write
            self.drop(start, lost)
        outer.unread = {n for n in self.scope.unread if n in outer.types}
        self.scope = outer

    def drop(self, start: int, lost: set[str]) -> None:
        """Takes out simple assignments of names that nothing reads."""
        kept: list[str] = []
        for line in self.lines[start:]:
            name, _, rest = line.strip().partition(" = ")
            if not (
                rest
                and name in lost
                and not any(name in o for o in self.lines[start:] if o is not line)
            ):
                kept.append(line)
        self.lines[start:] = kept or [self.unit * (self.indent + 1) + "pass"]

    def test(self) -> str:
        """A condition, about a variable where it can be."""
        return self.expression("B", self.rng.choice((1, 1, 2)))

    def branch(self, budget: int) -> None:
        """if, elif, else."""
        rng = self.rng
        self.add(f"if {self.test()}:")
        self.inside(min(budget, rng.choice((1, 1, 1, 2, 3))))
        while rng.random() < 0.2:
            self.add(f"elif {self.test()}:")
            self.inside(rng.choice((1, 1, 2)))
        if rng.random() < 0.45:
            self.add("else:")
            self.inside(rng.choice((1, 1, 2)))

    def inside(self, budget: int) -> None:
        """A branch's block; sometimes it leaves the loop or the function."""
        rng = self.rng
        roll = rng.random()
        if self.loops and roll < 0.16:
            if rng.random() < 0.4:
                self.block(1)
            self.indent += 1
            self.add(rng.choice(("break", "continue")))
            self.indent -= 1
        elif self.in_function and roll < 0.24:
            self.indent += 1
            self.add(f"return {self.expression(self.returns, 1)}")
            self.indent -= 1
        elif self.in_function and roll < 0.26:
            self.indent += 1
            self.add(f"raise {rng.choice(ERRORS)}({self.draw.literal('S')})")
            self.indent -= 1
        else:
            self.block(budget)

    def attempt(self) -> None:
        """try, with something in it that may raise."""
        rng = self.rng
        name = self.draw.fresh(self.scope)
        risky = {
            "ValueError": ("I", ("int({S})", "{vLI}.index({I})", "{vS}.index({s})")),
            "KeyError": ("I", ("{vDSI}[{s}]", "{vDSI}.pop({s})")),
            "IndexError": ("I", ("{vLI}[{w}]", "{vLI}.pop({i})", "len({vLS}[{j}])")),
            "ZeroDivisionError": ("I", ("{I} // {I}", "{I} % {I}")),
            "TypeError": ("I", ("len({I})", "{vS} + {I}")),
            "AttributeError": ("S", ("{vI}.upper()", "{vS}.upper()")),
        }
        error = rng.choice(list(risky))
        kind, texts = risky[error]
        text = self.draw.fill(rng.choice(texts), self.scope, 1)
        self.add("try:")
        self.indent += 1
        self.add(f"{name} = {text}")
        self.indent -= 1
        caught = rng.choice((error, error, error, "Exception", f"({error}, RuntimeError)"))
        bound = rng.random() < 0.4
        alias = self.draw.fresh(self.scope)
        self.add(f"except {caught}{f' as {alias}' if bound else ''}:")
        self.indent += 1
        if bound and kind == "S":
            self.add(f"{name} = {rng.choice((f'str({alias})', f'type({alias}).__name__'))}")
        else:
            self.add(f"{name} = {self.draw.literal(kind)}")
        self.indent -= 1
        if rng.random() < 0.15:
            self.add("finally:")
            self.inside_simple()
        self.scope.bind(name, kind)

    def inside_simple(self) -> None:
        """One mutation in a block."""
        self.indent += 1
        start = len(self.lines)
        try:
            self.mutate()
        except NoVariable:
            del self.lines[start:]
            self.add("pass")
        self.indent -= 1

    def loop(self, budget: int) -> None:
        """A for or a while, with something to gather into before it."""
        rng = self.rng
        before = self.scope.copy()  # a loop over what is empty yet teaches little
        if rng.random() < 0.65:
            kind = rng.choice(("I", "I", "S", "LI", "LI", "LS", "LS", "DSI", "LT"))
            gathering = self.scope.bind(self.draw.fresh(self.scope), kind)
            self.add(f"{gathering} = {EMPTY[kind]}")
        if rng.random() < 0.2:
            self.while_loop(budget)
            return
        for _ in range(8):
            template, kinds = rng.choices([(t, k) for _, t, k in LOOPS], [w for w, _, _ in LOOPS])[
                0
            ]
            try:
                if "{seq}" in template:
                    sized = [n for n, k in before.types.items() if k in ("S", "LI", "LS")]
                    if not sized:
                        continue
                    template = template.replace("{seq}", rng.choice(sized))
                template = template.replace(
                    "{r}", str(rng.choice((2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 10, 12)))
                )
                source = self.draw.fill(template, before, 1)
                break
            except NoVariable:
                continue
        else:
            raise NoVariable("a sequence")
        inner = self.scope.copy()
        targets = [inner.bind(self.draw.fresh(inner), kind) for kind in kinds]
        self.add(f"for {', '.join(targets)} in {source}:")
        self.body(inner, budget, targets)
        if rng.random() < 0.03:
            self.add("else:")
            self.inside_simple()

    def body(self, inner: Names, budget: int, targets: list[str]) -> None:
        """A loop's block, and its targets read in it."""
        rng = self.rng
        outer, self.scope = self.scope, inner
        self.loops += 1
        self.block(min(budget, rng.choice((1, 1, 2, 2, 3, 4))))
        block = "\n".join(self.lines[-6:])
        unread = [t for t in targets if t not in block]
        self.indent += 1
        if unread and rng.random() < 0.9:
            self.gather(unread[0])
        self.indent -= 1
        self.loops -= 1
        outer.unread |= {n for n in inner.unread if n in outer.types}
        self.scope = outer

    def gather(self, target: str) -> None:
        """Puts a loop's target into a variable of the scope."""
        rng = self.rng
        kind = self.scope.types[target]
        self.scope.unread.discard(target)
        ways = GATHERED.get(kind, {})
        rows = [(n, w) for n, k in self.scope.types.items() if n != target for w in ways.get(k, ())]
        if rows:
            name, way = rng.choice(rows)
            self.scope.unread.add(name)
            self.add(way.format(v=name, t=target))

    def while_loop(self, budget: int) -> None:
        """A while that ends."""
        rng = self.rng
        scope = self.scope
        roll = rng.random()
        lists = [n for n, k in scope.types.items() if k in ("LI", "LS")]
        strings = [n for n, k in scope.types.items() if k == "S"]
        if lists and roll < 0.3:
            name = rng.choice(lists)
            kind = scope.types[name][1]
            inner = scope.copy()
            target = inner.bind(self.draw.fresh(inner), kind)
            self.add(
                rng.choice((f"while {name}:", f"while len({name}) > {rng.choice((0, 1, 2))}:"))
            )
            self.indent += 1
            self.add(f"{target} = {name}.pop({rng.choice(('', '', '0'))})")
            self.indent -= 1
            inner.types.pop(name)
            self.body(inner, min(budget, 2), [target])
        elif strings and roll < 0.4:
            name = rng.choice(strings)
            mark = self.draw.string(rng.choice(self.draw.strings)[:1] or " ")
            self.add(f"while {name}.{rng.choice(('startswith', 'endswith'))}({mark}):")
            self.indent += 1
            self.add(f"{name} = {name}[{rng.choice(('1:', '1:', ':-1'))}]")
            self.indent -= 1
        elif roll < 0.6:
            name = scope.bind(self.draw.fresh(scope), "I")
            self.add(
                f"{name} = {rng.choice((self.expression('I', 1), str(rng.randrange(5, 900))))}"
            )
            self.add(f"while {name} > {rng.choice((0, 0, 1, 5))}:")
            step = rng.choice(
                (f"{name} //= {rng.choice((2, 3, 10, 10))}", f"{name} -= {rng.randrange(2, 9)}")
            )
            inner = scope.copy()
            self.body(inner, min(budget, 2), [name])
            self.indent += 1
            self.add(step)
            self.indent -= 1
        else:
            name = scope.bind(self.draw.fresh(scope), "I")
            sized = [n for n, k in scope.types.items() if k in ("S", "LI", "LS")]
            limit = (
                f"len({rng.choice(sized)})"
                if sized and rng.random() < 0.6
                else str(rng.randrange(2, 9))
            )
            self.add(f"{name} = 0")
            if rng.random() < 0.8:
                self.add(f"while {name} < {limit}:")
                inner = scope.copy()
                self.frozen(inner, name, budget, f"{name} += {rng.choice((1, 1, 1, 2))}")
            else:
                self.add("while True:")
                inner = scope.copy()
                self.frozen(inner, name, budget, f"{name} += 1")
                self.indent += 1
                self.add(f"if {name} >= {limit}:")
                self.indent += 1
                self.add("break")
                self.indent -= 2

    def frozen(self, inner: Names, counter: str, budget: int, step: str) -> None:
        """A block that reads the loop's counter and counts at its end."""
        rng = self.rng
        rows = [n for n, k in inner.types.items() if k in ("S", "LI", "LS")]
        self.indent += 1
        if rows and rng.random() < 0.6:
            name = rng.choice(rows)
            kind = {"S": "S", "LI": "I", "LS": "S"}[inner.types[name]]
            target = inner.bind(self.draw.fresh(inner), kind)
            self.add(
                f"{target} = {name}[{counter} % len({name})]"
                if rng.random() < 0.1
                else f"{target} = {name}[{counter}]"
            )
        self.indent -= 1
        kept = inner.types.pop(counter)
        self.body(inner, min(budget, 2), [])
        inner.types[counter] = kept
        self.indent += 1
        self.add(step)
        self.indent -= 1
