"""Which kinds of numbers there are."""


def classify(number):
    if number < 0:
        kind = "negative"
    elif number == 0:
        kind = "zero"
    else:
        kind = "positive"
    return kind


kinds = []
for number in [3, -1, 0]:
    kinds.append(
        classify(number)
    )
print(kinds)
