"""Fills written programs with random names, constants and variants: what people write, varied.

In an idiom `$x` is a name drawn anew for each program (`$x` everywhere the same one), `$Class` one
of a class, `[[a|b]]` one of several texts, `#k` a small number, `#i` an index, `#s` and `#c` a
string or character (mostly from the arguments' values), `#w` a word. The first line is the call:
`> f(S, I)` with type codes for arguments (see `argument`), or `> module`.
"""

from __future__ import annotations

import re
from random import Random

from foreframe_models.training.programs import (
    comparisons,
    control,
    dicts,
    lists,
    literals,
    methods,
    names,
    numbers,
    objects,
    rarities,
    strings,
)
from foreframe_models.training.programs.expressions import Expressions
from foreframe_models.training.programs.generator import MORE, Maker, Sample

_CHOICE = re.compile(r"\[\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\]")
_NAME = re.compile(r"\$(\w+)")
_CONSTANT = re.compile(r"#([kiscwn])\b")


def argument(rng: Random, kind: str, first: object = None) -> object:
    """A value of a type code; besides those of `literals`, ones that idioms need:

    P positive, J tiny, G ascending list, E list with at least one, W words, R brackets, M square
    matrix, H nested lists, D string of digits, X mostly an element of the first argument.
    """
    match kind:
        case "X":
            if isinstance(first, str | list) and first and rng.random() < 0.8:
                return rng.choice(first)
            return rng.choice("abcdefgh") if isinstance(first, str) else rng.randrange(9)
        case "P":
            return rng.choice((rng.randrange(1, 13), rng.randrange(1, 60), rng.randrange(1, 300)))
        case "J":
            return rng.randrange(0, 6)
        case "G":
            return sorted(literals.integers(rng, 9))
        case "E":
            return literals.integers(rng, 8) or [literals.integer(rng)]
        case "W":
            return " ".join(literals.word(rng) for _ in range(rng.randrange(1, 6)))
        case "R":
            return "".join(rng.choices("()[]{}a", k=rng.randrange(1, 8)))
        case "M":
            size = rng.randrange(1, 4)
            return [[rng.randrange(0, 10) for _ in range(size)] for _ in range(size)]
        case "H":
            return [
                rng.randrange(9) if rng.random() < 0.5 else [rng.randrange(9), [rng.randrange(9)]]
                for _ in range(rng.randrange(1, 5))
            ]
        case "D":
            return literals.value(rng, "N")
    return literals.value(rng, kind)


def arguments(rng: Random, kinds: list[str]) -> list[object]:
    """Values of type codes, in order."""
    found: list[object] = []
    for kind in kinds:
        found.append(argument(rng, kind, found[0] if found else None))
    return found


def fill(rng: Random, idiom: str) -> Sample:
    """A program from an idiom."""
    text = idiom.strip("\n")
    while _CHOICE.search(text):
        text = _CHOICE.sub(lambda match: rng.choice(match.group(1).split("|")), text, count=1)
    head, _, text = text.partition("\n")
    draw = Expressions(rng)
    args: list[object] = []
    more: list[list[object]] = []
    entry = head.removeprefix("> ").strip()
    if entry != "module":
        entry, _, kinds = entry.removesuffix(")").partition("(")
        wanted = [kind for kind in kinds.replace(" ", "").split(",") if kind]
        args = arguments(rng, wanted)
        for value in args:
            draw.learn(value)
        more = [arguments(rng, wanted) for _ in range(MORE)]
    given: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        key = match.group(1)
        while key not in given:
            if key[0].isupper():
                fresh = names.class_name(rng)
            elif key.startswith("f"):
                fresh = names.function(rng)
            else:
                fresh = names.variable(rng)
            if fresh not in given.values() and fresh not in text:
                given[key] = fresh
        return given[key]

    def constant(match: re.Match[str]) -> str:
        match match.group(1):
            case "k":
                return str(rng.choice((1, 2, 2, 3, 3, 4, 5, 7, 10)))
            case "i":
                return str(rng.randrange(0, 4))
            case "n":
                return draw.literal("I")
            case "c":
                return repr(rng.choice([s for s in draw.strings if len(s) == 1]))
            case "w":
                return repr(literals.word(rng))
        return repr(rng.choice(draw.strings))

    text = _NAME.sub(name, text)
    text = _CONSTANT.sub(constant, text)
    if entry == "module":
        opening = rng.choice(("", "", "", '"""What this script does."""\n\n'))
        return Sample(f"{opening}{text}\n")
    shown = [", ".join(map(repr, values)) for values in (args, *more)]
    return Sample(text + "\n", given.get(entry[1:], entry), shown[0], tuple(shown[1:]))


def maker(idioms: str) -> Maker:
    """Draws one of the idioms of a text, where a line that starts with `>` begins each."""
    found = ["> " + part for part in re.split(r"^> ", idioms, flags=re.MULTILINE)[1:]]

    def make(rng: Random, level: float) -> Sample:
        return fill(rng, rng.choice(found))

    return make


FUNCTIONS = maker("".join(m.IDIOMS for m in (strings, lists, dicts, numbers, control)))
METHODS = maker(methods.IDIOMS)
COMPARISONS = maker(comparisons.IDIOMS)
OBJECTS = maker(objects.IDIOMS)
RARITIES = maker(rarities.IDIOMS)
