def factorial(n):
    if n < 2:
        return 1
    return n * factorial(n - 1)


def hanoi(n, a="A", b="B", c="C"):
    if n == 0:
        return []
    return hanoi(n - 1, a, c, b) + [(a, c)] + hanoi(n - 1, b, a, c)


print(factorial(5))
moves = hanoi(2)
