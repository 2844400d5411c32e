import functools
from collections import defaultdict


def fresh():
    return [0]


def compare(a, b):
    return (a > b) - (a < b)


def by_length(word):
    return len(word)


class Visitor:
    def visit(self, node):
        method = getattr(self, "visit_" + type(node).__name__)
        return method(node)

    def visit_int(self, node):
        return node + 1

    def visit_list(self, node):
        return [self.visit(child) for child in node]


table = {"cmp": compare, "len": by_length}
print(sorted([3, 1, 2], key=functools.cmp_to_key(compare)))
print(max(["a", "bbb"], key=by_length), table["cmp"](1, 2))
found = defaultdict(fresh)
found["x"].append(1)
print(Visitor().visit([1, [2]]), functools.reduce(compare, [1, 2, 3]))
bound = Visitor().visit_int
print(bound(4), functools.partial(compare, 1)(2))
