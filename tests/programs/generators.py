def count(n):
    i = 0
    while i < n:
        yield i
        i += 1
    return "done"


def delegating(n):
    result = yield from count(n)
    yield result


def accumulating():
    total = 0
    while True:
        value = yield total
        if value is None:
            return total
        total += value


def careful():
    try:
        yield 1
        yield 2
    except ValueError as error:
        yield str(error)
    finally:
        log.append("closed")


log = []
print(list(delegating(2)))
acc = accumulating()
next(acc)
acc.send(5)
acc.send(6)
try:
    acc.send(None)
except StopIteration as stop:
    print(stop.value)
c = careful()
next(c)
print(c.throw(ValueError("thrown")))
c.close()
d = careful()
next(d)
d.close()
e = careful()
for value in e:
    break
del e
fresh = careful()
try:
    fresh.throw(KeyError("early"))
except KeyError:
    log.append("key")


def outer():
    try:
        yield from careful()
    finally:
        log.append("outer")


o = outer()
next(o)
print(o.throw(ValueError("deep")))
o.close()
a, *b = count(3)
print(2 in count(5), sum(x * x for x in count(3)), log)
squares = (
    x
    for x in count(2)
    if x
)
print(next(squares, None), next(squares, None))


def dropped():
    g = careful()
    next(g)
    return "left alone"


print(dropped())
