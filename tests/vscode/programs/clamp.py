def clamp(n: int, low: int, high: int) -> int:
    """Keeps a number within bounds.

    >>> clamp(5, 0, 3)
    3
    >>> clamp(-2, -1, 3)
    -1
    """
    if n > high:
        n = ??
    elif n < low:
        n = low
    return n
