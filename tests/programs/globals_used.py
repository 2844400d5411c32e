count = 0
names = []


def bump():
    global count, last
    count += 1
    last = count
    names.append(count)


def forget():
    global last
    del last


bump()
bump()
forget()
after = count
bump()
