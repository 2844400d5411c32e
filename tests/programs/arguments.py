def everything(a, /, b, *rest, c=3, **named):
    total = a + b + c + sum(rest)
    for key, value in named.items():
        total += value
    return total


def keyword_only(*, x, y=2):
    return x * y


def late_default(items=[]):
    items.append(len(items))
    return items


print(everything(1, 2))
print(everything(1, 2, 3, 4, c=5, d=6))
args = (1, 2)
print(everything(*args, **{"e": 1}), keyword_only(x=2))
late_default()
late_default()
