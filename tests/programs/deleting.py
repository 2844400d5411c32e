def forget(n):
    a = n
    b = a + 1
    del a
    c = b
    a = c
    del b, c
    if n:
        del a
        a = "again"
    return a


def loop(items):
    for item in items:
        square = item * item
        if square > 3:
            del square
    data = {1: 2}
    del data[1]
    return data


print(forget(1), forget(0), loop([1, 2, 3]))
temp = 1
other = 2
del temp
temp = 3
del other
