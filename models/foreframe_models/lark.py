"""Rules of a context-free grammar, pruned, measured against llguidance's limits, and as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

Way = tuple[str, ...]

# Beyond these llguidance refuses a grammar, or overflows its stack and takes the server along.
MAX_SYMBOLS = 50_000  # it numbers symbols in 16 bits
MAX_ITEMS = 1_800  # of its 2,000 in one row of the Earley chart
MAX_DEPTH = 1_000  # of its compiler's recursion; it overflows 8 MiB of stack at about 2,500


class GrammarTooLarge(ValueError):
    """A grammar beyond what engines take: ask for one frame at a time."""


class Grammar:
    """Rules by nonterminal. Frames are expressions that are given once and named `t1`, `t2`..."""

    def __init__(self) -> None:
        self.rules: dict[str, dict[Way, None]] = {}
        self.frames: dict[str, str] = {}  # expression → name
        self.size = 0

    def frame(self, expression: str) -> str:
        """The symbol that stands for a frame's expression."""
        return self.frames.setdefault(expression, f"t{len(self.frames)}")

    def add(self, name: str, way: Way) -> None:
        """Adds an alternative to a nonterminal. Raises GrammarTooLarge."""
        ways = self.rules.setdefault(name, {})
        if way not in ways:
            ways[way] = None
            self.size += 1 + len(way)
            if self.size > MAX_SYMBOLS:
                raise GrammarTooLarge(f"a grammar of over {MAX_SYMBOLS} symbols")

    def text(self, starts: Sequence[Way], prelude: Callable[[], str]) -> str | None:
        """The grammar in lark's notation; None when no start derives anything.

        Raises GrammarTooLarge.
        """
        rules = self._useful(starts)
        tops = [way for way in starts if way[0] in rules]
        if not tops:
            return None
        names = [way[0] for way in tops]
        check_row(rules, names)
        order = compile_order(rules, names)
        used = {symbol for ways in rules.values() for way in ways for symbol in way}
        # `order` derives nothing. It is there for the compiler, which recurses into each symbol
        # that it has not met, and would overflow its stack along the chains of states.
        lines = [f"start: order | {' | '.join(names)}", f"order: order {' '.join(order)}"]
        for name, ways in rules.items():
            lines.append(f"{name}: {' | '.join(' '.join(way) or _EMPTY for way in ways)}")
        lines += (f"{name}: {text}" for text, name in self.frames.items() if name in used)
        return "\n".join([*lines, prelude(), ""])

    def _useful(self, starts: Sequence[Way]) -> dict[str, list[Way]]:
        """The rules that derive something, and that a start can reach."""
        productive: set[str] = set(self.frames.values())
        waiting: dict[str, list[tuple[str, Way]]] = {}
        todo: list[str] = []

        def settle(name: str, way: Way) -> None:
            missing = next((s for s in way if s not in productive), None)
            if missing is not None:
                waiting.setdefault(missing, []).append((name, way))
            elif name not in productive:
                productive.add(name)
                todo.append(name)

        for name, ways in self.rules.items():
            for way in ways:
                settle(name, way)
        while todo:
            for name, way in waiting.pop(todo.pop(), ()):
                settle(name, way)
        found: dict[str, list[Way]] = {}
        reach = [way[0] for way in starts if way[0] in productive]
        while reach:
            name = reach.pop()
            if name in found or name not in self.rules:
                continue
            found[name] = [w for w in self.rules[name] if all(s in productive for s in w)]
            reach.extend(symbol for way in found[name] for symbol in way)
        return found


_EMPTY = '""'


def check_row(rules: dict[str, list[Way]], starts: Sequence[str]) -> None:
    """Raises GrammarTooLarge for states where llguidance would follow too many rules at once."""
    firsts = {
        name: [way[0] for way in ways if way and way[0] in rules] for name, ways in rules.items()
    }
    predicted = {symbol for ways in rules.values() for way in ways for symbol in way[1:]}
    for root in (*starts, *(name for name in predicted if name in rules)):
        seen = {root}
        todo = [root]
        items = 0
        while todo:
            name = todo.pop()
            items += len(rules[name])
            for first in firsts[name]:
                if first not in seen:
                    seen.add(first)
                    todo.append(first)
        if items > MAX_ITEMS:
            raise GrammarTooLarge(f"a state with {items} rules to follow at once")


def compile_order(rules: dict[str, list[Way]], starts: Sequence[str]) -> list[str]:
    """The rules, each after those it names as far as can be. Raises GrammarTooLarge."""
    order, _ = _visit(rules, starts)
    _, depth = _visit(rules, order)
    if depth > MAX_DEPTH:
        raise GrammarTooLarge(f"rules that lead to each other {depth} deep")
    return order


def _visit(rules: dict[str, list[Way]], names: Sequence[str]) -> tuple[list[str], int]:
    """Visits rules and what they name, as the compiler does: (in order of leaving, depth)."""
    order: list[str] = []
    seen: set[str] = set()
    depth = 0
    for root in names:
        if root in seen:
            continue
        seen.add(root)
        path = [(root, _symbols(rules, root))]
        while path:
            depth = max(depth, len(path))
            name, rest = path[-1]
            inner = next((symbol for symbol in rest if symbol not in seen), None)
            if inner is None:
                order.append(name)
                path.pop()
            else:
                seen.add(inner)
                path.append((inner, _symbols(rules, inner)))
    return order, depth


def _symbols(rules: dict[str, list[Way]], name: str) -> Iterator[str]:
    return (symbol for way in rules[name] for symbol in way if symbol in rules)
