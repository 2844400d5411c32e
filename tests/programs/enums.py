import enum


class Color(enum.Enum):
    RED = 1
    BLUE = 2

    @property
    def pretty(self):
        return self.name.title()

    @classmethod
    def parse(cls, text):
        for member in cls:
            if member.pretty == text:
                return member
        raise KeyError(text)


print(Color.parse("Blue"), Color(1).pretty)
