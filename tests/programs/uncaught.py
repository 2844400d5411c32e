def inner(data, key):
    value = data[key]
    return value


def outer(data):
    total = 0
    for key in ("a", "b"):
        total += inner(data, key)
    return total


outer({"a": 1})
