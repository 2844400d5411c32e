def check(n):
    assert n > 0, f"not positive: {n}"
    assert (
        n < 10
    ), "too large"
    return n


for n in (1, 0, 11):
    try:
        check(n)
    except AssertionError as error:
        print(error)
