def counter(start):
    value = start

    def increase(by=1):
        nonlocal value
        value += by
        return value

    def reset():
        nonlocal value
        value = start

    return increase, reset


def late():
    def use():
        return later + 1

    later = 4
    return use()


def unbound():
    def use():
        return missing

    try:
        return use()
    except NameError:
        missing = 1
    return use()


def binding():
    def bind():
        nonlocal bound
        bound = 7

    if len(adders) > 5:
        bound = 0
    bind()
    return bound


def deep(a):
    def middle(b):
        def inner(c):
            return a + b + c

        return inner(3)

    return middle(2)


adders = []
inc, reset = counter(10)
inc()
inc(5)
reset()
print(inc(), late(), unbound(), binding(), deep(1))
adders = [lambda x, n=n: x + n for n in range(2)]
print([f(1) for f in adders])
