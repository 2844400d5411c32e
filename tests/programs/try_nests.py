def divide(a, b):
    try:
        result = a / b
    except ZeroDivisionError as error:
        result = str(error)
    except (TypeError, ValueError):
        result = None
        raise
    else:
        result += 1
    finally:
        done = True
    return result


def nested(values):
    seen = []
    for value in values:
        try:
            try:
                seen.append(10 // value)
            finally:
                seen.append("inner")
        except ZeroDivisionError:
            seen.append("zero")
            continue
        finally:
            seen.append("outer")
    return seen


def early(flag):
    try:
        if flag:
            return "early"
        value = 1
    finally:
        value = 2
    return value


def swallowing():
    while True:
        try:
            raise KeyError("k")
        finally:
            break
    return "swallowed"


def reraise():
    try:
        try:
            raise ValueError("first")
        except ValueError as error:
            raise RuntimeError("second") from error
    except RuntimeError as error:
        cause = error.__cause__
        return type(cause).__name__


x = divide(4, 2)
y = divide(1, 0)
try:
    divide("a", 1)
except TypeError:
    z = "type error"
print(nested([1, 0, 5]))
print(early(True), early(False))
print(swallowing())
print(reraise())
try: q = [][0]
except IndexError: q = -1
finally: r = 0
