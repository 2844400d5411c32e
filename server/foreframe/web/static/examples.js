/** Programs to begin with. */

export const EXAMPLES = [
  {
    title: 'Letters in a word',
    function: 'count_letter',
    args: "'strawberry', 'r'",
    source: `def count_letter(word, letter):
    count = 0
    for character in word:
        if character == letter:
            count += 1
    return count
`,
  },
  {
    title: 'Coins for an amount',
    function: 'change',
    args: '68, [50, 20, 10, 5, 2, 1]',
    source: `def change(amount, coins):
    used = {}
    for coin in coins:
        while amount >= coin:
            amount -= coin
            used[coin] = used.get(coin, 0) + 1
    return used
`,
  },
  {
    title: 'Recursion',
    function: 'factorial',
    args: '4',
    source: `def factorial(n):
    if n <= 1:
        return 1
    return n * factorial(n - 1)
`,
  },
  {
    title: 'An exception, caught',
    function: 'spend',
    args: '100, [30, 80, 50]',
    source: `def withdraw(balance, amount):
    if amount > balance:
        raise ValueError("not enough")
    return balance - amount


def spend(balance, amounts):
    refused = []
    for amount in amounts:
        try:
            balance = withdraw(balance, amount)
        except ValueError:
            refused.append(amount)
    return refused
`,
  },
  {
    title: 'Does it end?',
    function: 'wander',
    args: '7',
    source: `def wander(n):
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = n + 3
    return n
`,
  },
  {
    title: 'A hole to fill',
    function: 'longest',
    args: "['pea', 'bean', 'fig']",
    source: `def longest(words):
    """The longest word.

    >>> longest(['pea', 'bean', 'fig'])
    'bean'
    >>> longest(['a', 'bb'])
    'bb'
    """
    best = ''
    for word in words:
        if ??:
            best = word
    return best
`,
  },
];
