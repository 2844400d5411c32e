class Box[T]:
    def __init__(self, item: T):
        self.item = item

    def get[U: int](self, default: U = 0) -> T:
        return self.item


def first[T](items: list[T]) -> T:
    return items[0]


type Pair[T] = tuple[T, T]
print(Box(1).get(), first([2]))
text = f"{'nested' + f'{first([3])}'}"
