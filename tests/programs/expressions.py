def pick(a, b, c):
    small = a if a < b else b
    middle = (
        a
        if a < b < c
        else c
    )
    return small, middle


def logic(p, q):
    return p and q or not p


def chained(n):
    if 0 < n < 10 != 7:
        return "in"
    elif n == 0 or (
        n > 10
        and n % 2
    ):
        return "odd"
    return "out"


def walrus(items):
    while (n := len(items)) > 1:
        items.pop()
    if (m := n * 2) and m > 1:
        return m, n


print(pick(1, 2, 3), pick(3, 2, 1), logic(1, 0), logic(0, 0))
print(chained(5), chained(0), chained(11), chained(12), walrus([1, 2, 3]))
