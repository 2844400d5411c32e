def apply(function, value):
    return function(value)


square = lambda x: x * x
pick, drop = lambda x: x[0], lambda x: x[1:]
words = sorted(["bb", "a", "ccc"], key=lambda w: (-len(w), w))
print(apply(square, 3), apply(lambda n: n + 1, 1), pick([1, 2]), drop([1, 2]), words)
print(list(map(lambda p, q: p + q, [1, 2], [3, 4])), list(filter(lambda n: n > 1, [1, 2])))
total = 0
for value in map(lambda n: n * 2, [1, 2]):
    total += value
pairs = {k: (lambda: k)() for k in "ab"}
