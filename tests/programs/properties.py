class Celsius:
    def __init__(self, degrees):
        self._degrees = degrees

    @property
    def degrees(self):
        return self._degrees

    @degrees.setter
    def degrees(self, value):
        if value < -273:
            raise ValueError("too cold")
        self._degrees = value

    @degrees.deleter
    def degrees(self):
        self._degrees = 0

    def fahrenheit(self):
        return self.degrees * 9 / 5 + 32

    warm = property(lambda self: self._degrees > 20)


class Typed:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner):
        return 5 if instance else self

    def __set__(self, instance, value):
        raise AttributeError(self.name)


class Model:
    field = Typed()

    def __init_subclass__(cls, **options):
        cls.options = options


class Child(Model, flag=True):
    pass


room = Celsius(20)
room.degrees += 5
print(room.fahrenheit(), room.warm)
try:
    room.degrees = -300
except ValueError:
    del room.degrees
print(room.degrees, Model().field, Child.options)
try:
    Model().field = 3
except AttributeError as error:
    print(error)
