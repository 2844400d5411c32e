class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __radd__(self, other):
        return self

    def __eq__(self, other):
        return self.x == other.x

    def __hash__(self):
        return hash(self.x)

    def __lt__(self, other):
        return self.x < other.x

    def __repr__(self):
        return f"Vector({self.x}, {self.y})"

    def __bool__(self):
        return self.x != 0

    def __len__(self):
        return 2

    def __getitem__(self, index):
        if index > 1:
            raise IndexError(index)
        return (self.x, self.y)[index]

    def __setitem__(self, index, value):
        self.x = value

    def __delitem__(self, index):
        self.y = 0

    def __contains__(self, item):
        return item == self.x

    def __call__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __getattr__(self, name):
        if name == "z":
            return 0
        raise AttributeError(name)


class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n <= 0:
            raise StopIteration
        self.n -= 1
        return self.n


a, b = Vector(1, 2), Vector(3, 4)
total = a + b
print(sum([a, b], 0), a == b, a in {a: 1}, sorted([b, a]), f"{a}", str(b))
if a and not Vector(0, 0):
    print(len(a), [part for part in a], 3 in b)
a[0] = 9
del a[0]
print(a(2), -a, a.z, hasattr(a, "nope"), getattr(a, "none", 5))
for left in Countdown(2):
    print(left)
x, y = Countdown(2)
print(list(Countdown(1)), max(Countdown(3)))
