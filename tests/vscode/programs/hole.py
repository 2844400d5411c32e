def area(width, height):
    width = abs(width)
    size = ??
    return size
