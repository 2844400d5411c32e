class Noisy:
    def __del__(self):
        log.append("gone")


def make():
    noisy = Noisy()
    return 1


log = []
make()
thing = Noisy()
thing = None
print(log)
