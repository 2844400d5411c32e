def primes(limit):
    found = []
    for n in range(2, limit):
        for p in found:
            if n % p == 0:
                break
        else:
            found.append(n)
    return found


def matrix(n):
    rows = []
    i = 0
    while i < n:
        row = []
        j = 0
        while j < n:
            if i == j:
                j += 1
                continue
            row.append(i * j)
            j += 1
        rows.append(row)
        i += 1
    return rows


def search(table, wanted):
    for y, row in enumerate(table):
        for x, cell in enumerate(row):
            if cell == wanted:
                return x, y
    return None


print(primes(12), matrix(2), search([[1, 2], [3, 4]], 3), search([], 1))
