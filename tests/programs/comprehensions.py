def grid(rows, columns):
    cells = [
        (row, column)
        for row in range(rows)
        for column in range(columns)
        if row != column
    ]
    return cells


def nested(matrix):
    flipped = [[row[i] for row in matrix] for i in range(len(matrix[0]))]
    return flipped


def in_condition(words):
    if any([len(w) > 3 for w in words]):
        sizes = {w: len(w) for w in words if w}
    else:
        sizes = {}
    letters = {c for w in words for c in w}
    while [w for w in words if w]:
        words = [
            w
            for w in words[1:]
        ]
    return sizes, sorted(letters)


def double(n):
    return n * 2


def calling(items):
    doubled = [
        double(item)
        for item in
        items
    ]
    total = sum(double(x) for x in doubled)
    return [
        y for y in doubled
        if double(y) > 4
    ], total


def shadowing(x):
    xs = [x for x in range(3)]
    ys = [
        x
        for x in xs]; zs = {
            x: 1 for x in ys}
    return x, zs


def walrus(data):
    kept = [half for d in data if (half := d // 2) > 1]
    return kept, half


def failing(items):
    try:
        return [
            10 // item
            for item in items
        ]
    except ZeroDivisionError:
        return None


def with_lambdas(items):
    functions = [lambda n, k=k: n + k for k in items]
    return [f(1) for f in functions]


print(grid(2, 2))
print(nested([[1, 2], [3, 4]]))
print(in_condition(["a", "long"]))
print(calling([1, 2]))
print(shadowing(9))
print(walrus([1, 4, 8]))
print(failing([1, 0]))
print(with_lambdas([1, 2]))
top = [
    n
    for n in [1, 2]
]


class Holder:
    base = 2
    values = [i * 2 for i in range(2)]
    again = [
        v for v in
        values
    ]
