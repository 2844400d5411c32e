from contextlib import contextmanager, suppress


class Resource:
    def __init__(self, name, swallow=False):
        self.name = name
        self.swallow = swallow

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.closed = True
        return self.swallow


@contextmanager
def tagged(name):
    events.append("open " + name)
    try:
        yield name.upper()
    finally:
        events.append("close " + name)


events = []


def use():
    with Resource("a") as a, Resource("b", True) as b:
        value = a.name + b.name
        raise ValueError(value)
    return "swallowed"


def leave():
    with Resource("c"):
        return 1


def many(names):
    for name in names:
        with tagged(name) as tag:
            if tag == "B":
                continue
            if tag == "C":
                break
            events.append(tag)
    return events


print(use())
print(leave())
print(many("abcd"))
with suppress(KeyError):
    {}["missing"]
with Resource("one-line", True): 1 / 0
try:
    with (
        Resource("x") as x,
        Resource("y") as y,
    ):
        raise KeyError("through")
except KeyError:
    pass
