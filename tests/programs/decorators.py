import functools


def doubled(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return 2 * function(*args, **kwargs)

    return wrapper


def add(n):
    def decorate(function):
        def wrapper(x):
            value = function(x)
            return value + n

        return wrapper

    return decorate


@doubled
@add(
    3,
)
def identity(x):
    return x


def registered(cls):
    registry.append(cls.__name__)
    return cls


registry = []


@registered
class Thing:
    @staticmethod
    def make():
        return Thing()

    @classmethod
    @functools.lru_cache
    def cached(cls):
        return cls.__name__

    @property
    def size(self):
        return 4

    @size.setter
    def size(self, value):
        self.stored = value


print(identity(1))
thing = Thing.make()
print(thing.size, Thing.cached(), registry)
thing.size = 5
