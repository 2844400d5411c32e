def area(width, height):
    size = ??
    return size
