def twice(n):
    n += 1
    if n > 2:
        n += 1
    n += 1
    return n


def one_liners(x):
    if x: return 1
    for i in range(2): x += i
    while x > 3: x -= 1
    try: x / 0
    except ZeroDivisionError: pass
    a = 1; b = 2
    return a if x else b


def conditional():
    if True:
        pass
    else:
        never = 1
    while False:
        never = 2
    pass
    return


print(twice(1), twice(2), one_liners(0), one_liners(1), conditional())
