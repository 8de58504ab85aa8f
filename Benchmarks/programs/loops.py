"""Python's own loops, objects and dictionaries."""


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def moved(self, by):
        return Point(self.x + by, self.y - by)


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


counts = {}
total = 0
for i in range(250_000):
    key = i * 7919 % 997
    counts[key] = counts.get(key, 0) + i % 13
    total += (i ^ key) & 0xFF
point = Point(0, 0)
for i in range(60_000):
    point = point.moved(i & 3)
text = ",".join(str(n) for n in range(40_000))
print(fib(21), total, sum(counts.values()), point.x, sum(map(int, text.split(","))))
