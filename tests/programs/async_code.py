import asyncio


class Ticker:
    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.n == 0:
            raise StopAsyncIteration
        self.n -= 1
        return self.n


class Session:
    async def __aenter__(self):
        await asyncio.sleep(0)
        return "session"

    async def __aexit__(self, *details):
        return False


async def produce(n):
    for i in range(n):
        yield i
        await asyncio.sleep(0)


async def work(name):
    await asyncio.sleep(0)
    return name.upper()


async def main():
    found = []
    async for tick in Ticker(2):
        found.append(tick)
    else:
        found.append("end")
    async with Session() as session:
        found.append(session)
    found += [
        item
        async for item in produce(2)
    ]
    found.append([await work(n) for n in "ab"])
    results = await asyncio.gather(work("x"), work("y"))
    try:
        async with Session():
            raise ValueError("inside")
    except ValueError as error:
        found.append(str(error))
    return found + results


print(asyncio.run(main()))
