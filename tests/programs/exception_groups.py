def several(n):
    try:
        raise ExceptionGroup("many", [ValueError(1), TypeError("t"), KeyError("k")][:n])
    except* ValueError as group:
        found = len(group.exceptions)
    except* TypeError:
        found = -1
    else:
        found = 0
    finally:
        last = n
    return found, last


print(several(1), several(2))
try:
    several(3)
except* KeyError as left:
    print(left.message)
try:
    try:
        raise ValueError("plain")
    except* ValueError:
        raise RuntimeError("in handler")
except RuntimeError as error:
    print(error)
except ExceptionGroup as group:
    print("group")
