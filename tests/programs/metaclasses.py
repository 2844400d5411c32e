class Registry(type):
    known = {}

    def __new__(meta, name, bases, body, **options):
        made = super().__new__(meta, name, bases, body)
        meta.known[name] = options
        return made

    def __init__(cls, name, bases, body, **options):
        super().__init__(name, bases, body)

    def __call__(cls, *args):
        made = super().__call__(*args)
        made.made = True
        return made


class Base(metaclass=Registry):
    def __new__(cls, *args):
        self = super().__new__(cls)
        self.args = args
        return self

    def __init__(self, *args):
        self.count = len(args)


class Derived(Base, extra=1):
    pass


d = Derived(1, 2)
print(d.count, d.made, sorted(Registry.known))
