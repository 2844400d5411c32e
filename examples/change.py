"""Coins for an amount of change: a loop in a loop, and a dictionary that grows."""


def change(amount, coins):
    used = {}
    for coin in coins:
        while amount >= coin:
            amount -= coin
            used[coin] = used.get(coin, 0) + 1
    return used


if __name__ == "__main__":
    print(change(68, [50, 20, 10, 5, 2, 1]))
