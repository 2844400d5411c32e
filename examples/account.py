"""A class, an exception that is raised, and one that is caught."""


class Account:
    def __init__(self, balance):
        self.balance = balance

    def __repr__(self):
        return f"Account({self.balance})"

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError(f"only {self.balance} left")
        self.balance -= amount
        return self.balance


def spend(balance, amounts):
    account = Account(balance)
    refused = []
    for amount in amounts:
        try:
            account.withdraw(amount)
        except ValueError:
            refused.append(amount)
    return refused


if __name__ == "__main__":
    print(spend(100, [30, 80, 50]))
