from dataclasses import dataclass, field


def fresh():
    return []


@dataclass(order=True)
class Item:
    name: str
    price: float = 1.0
    tags: list = field(default_factory=fresh)

    def __post_init__(self):
        self.label = self.name.title()

    def total(self, n):
        return self.price * n


@dataclass
class Basket:
    items: list

    def worth(self):
        return sum(item.total(2) for item in self.items)


basket = Basket([Item("apple"), Item("pear", 2.5)])
print(basket.worth())
print(Item("a") < Item("b"), Item("a") == Item("a"), basket.items[0])
