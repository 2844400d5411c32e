def swap(pair):
    a, b = pair
    a, b = b, a
    (c, [d, *e]), f = (1, [2, 3]), 4
    for i, (j, k) in [(1, (2, 3))]:
        a += i + j + k
    return a, b, c, d, e, f


x = y = 3
first, *middle, last = range(4)
print(swap((1, 2)))
[p, q] = "ab"
