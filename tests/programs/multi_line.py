def add(
    a,
    b=2,
    *,
    c=3,
):
    return (
        a
        + b
        + c
    )


def text(items):
    result = (
        ", "
        .join(
            str(item)
            for item in items
        )
        .upper()
    )
    return {
        "text": result,
        "count":
            len(items),
    }


value = add(
    1,
    add(
        2,
        c=4,
    ),
    c=add(5),
)
print(
    text([
        1,
        value,
    ]),
    f"{value}"
    f"{add(1)}",
)
long = """
several
lines
"""; short = 1; both = long + str(short)
if (
    value
    and long
):
    both += "!"
