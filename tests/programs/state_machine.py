class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
        if not self.items:
            raise IndexError("empty")
        return self.items.pop()


def evaluate(tokens):
    stack = Stack()
    for token in tokens:
        if token.isdigit():
            stack.push(int(token))
        else:
            b, a = stack.pop(), stack.pop()
            match token:
                case "+":
                    stack.push(a + b)
                case "*":
                    stack.push(a * b)
                case _:
                    raise ValueError(f"unknown {token}")
    return stack.pop()


print(evaluate("2 3 + 4 *".split()))
for bad in ("1 +", "1 2 ?"):
    try:
        evaluate(bad.split())
    except (IndexError, ValueError) as error:
        print(type(error).__name__, error)
