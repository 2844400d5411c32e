def first_factor(n):
    d = 2
    while d * d <= n:
        if n % d == 0:
            break
        d += 1
    else:
        return n
    return d


def find(items, wanted):
    for index, item in enumerate(items):
        if item == wanted:
            where = index
            break
        if item is None:
            continue
    else:
        where = -1
    return where


a = first_factor(15)
b = first_factor(7)
c = find([1, None, 3], 3)
d = find([], 3)
while True:
    d += 1
    if d > 2: break
while d: d -= 1
for _ in range(2): pass
