"""What a few orders cost."""

from math import floor

RATE = 3


def discount(price, count):
    # discount(10, 5)
    share = count * RATE
    note = f"price {price}: share"
    return floor(price - share)


def total(prices: list[int], count: int = 2) -> int:
    """The sum of the prices, each with its discount.

    >>> total([10, 20])
    18
    """
    result = 0
    for price in prices:
        result += discount(price, count)
    doubled = [count * 2 for count in prices]
    return result


class Shop:
    def __init__(self, name: str) -> None:
        self.name = name

    def greet(self, guest: str, *, loud: bool) -> str:
        return f"{self.name} greets {guest}"


cost = total([10, 20])
print("cost", cost)
