from dataclasses import dataclass


@dataclass
class Point:
    x: int
    y: int


def describe(value):
    match value:
        case 0:
            return "zero"
        case int(n) if n < 0:
            text = "negative"
        case [first, *rest]:
            text = f"list of {first} and {len(rest)}"
        case {"kind": kind, **others}:
            text = kind + str(others)
        case Point(x=0, y=y):
            text = f"on the axis at {y}"
        case Point(x, y):
            text = f"{x},{y}"
        case "a" | "b" as letter:
            text = letter
        case _:
            text = "?"
    return text


for value in (0, -3, [1, 2, 3], {"kind": "k", "o": 1}, Point(0, 2), Point(1, 2), "b", None):
    print(describe(value))
