class Animal:
    count = 0
    names: list[str] = []

    def __init__(self, name):
        self.name = name
        Animal.count += 1

    def speak(self):
        return self.sound() + "!"

    def sound(self):
        raise NotImplementedError


class Dog(Animal):
    def __init__(self, name, age=1):
        super().__init__(name)
        self.age = age

    def sound(self):
        return "woof"


class Puppy(Dog):
    def sound(self):
        sound = super().sound()
        return sound.lower()

    class Toy:
        color = "red"


def make(kind, *args):
    return kind(*args)


rex = Dog("rex", 3)
tiny = make(Puppy, "tiny")
print(rex.speak(), tiny.speak(), Animal.count, Puppy.Toy.color)
try:
    Animal("x").speak()
except NotImplementedError:
    pass
