"""Modules with every kind of statement that has lines and branches to measure; `run` runs some of them."""

FORKS = '''"""A docstring."""

from __future__ import annotations


def sign(n):
    """Another one."""
    if n > 0:
        return 1
    elif n < 0:
        return -1
    else:
        return 0


def nested(rows):
    for row in rows:
        if row:
            for cell in row:
                if (
                    cell
                    and cell > 1
                ):
                    continue
                if cell == 0:
                    break
            else:
                rows = ()
    return rows


def count(n):
    while n:
        n -= 1
        if n == 5:
            break
    else:
        n = -1
    while True:
        if n < 0:
            return n
        n -= 10


def only_at_the_end(n):
    if n:
        n += 1


def run():
    sign(1), sign(-1)
    nested([[0, 1, 2], []])
    count(3), count(7)
    only_at_the_end(0)
'''
MATCHES = """def kind(thing):
    match thing:
        case 1 | 2:
            return "small"
        case int(n) if n > 100:
            return "large"
        case [first, *_]:
            return first
        case {"a": a}:
            return a
        case str() as text:
            return text


def closed(thing):
    match thing:
        case 1:
            thing = 2
        case 3:
            thing = 4
        case _:
            thing = 5
    return thing


def open_at_the_end(thing):
    match thing:
        case [first]:
            return first
        case 1 | _:
            return None


def run():
    kind(1), kind(101), kind([1]), kind(None)
    closed(1), closed(9)
    open_at_the_end(2)
"""
ERRORS = """import contextlib


def caught(error):
    try:
        if error:
            raise error
    except (
        ValueError,
        TypeError,
    ):
        return "value"
    except KeyError as found:
        return str(found)
    except:
        return "other"
    else:
        error = 1
    finally:
        error = 2
    return error


def grouped():
    try:
        raise ExceptionGroup("two", [ValueError(), KeyError()])
    except* ValueError:
        value = 1
    except* TypeError:
        value = 2
    except* KeyError:
        value = 3
    return value


def suppressed(n):
    with contextlib.suppress(ZeroDivisionError):
        with contextlib.suppress(ValueError):
            if n:
                n += 1
            1 / (n - 2)
        n = 5
    return n


def stopped(n):
    with contextlib.suppress(ValueError), contextlib.ExitStack() as stack:
        stack.callback(int, "x")
        if n:
            n = 3
    for i in range(3):
        try:
            if i == 1:
                continue
        finally:
            n += i
    return n


def run():
    caught(ValueError()), caught(None), caught(OSError())
    grouped()
    suppressed(1), suppressed(0)
    stopped(0)
"""
DEFINITIONS = """import asyncio
import enum
import functools
from dataclasses import dataclass
from typing import NamedTuple, Protocol

TABLE = {
    "a": 1,
    "b": [
        n
        for n in range(3)
        if n
    ],
}


@functools.cache
@functools.wraps(
    print,
)
def decorated(
    a: int = 1,
    *,
    b: int = 2,
) -> int:
    return a + b


class Colour(enum.Enum):
    RED = 1
    BLUE = 2

    @property
    def __private(self):
        return self.value


class Point(NamedTuple):
    x: int
    y: int = 0

    if TABLE:
        z = 1


@dataclass
class Row:
    '''A row.'''

    cells: list[int]
    total: int = 0

    def __post_init__(self) -> None:
        self.total = sum(
            self.cells
        )

    class Inner:
        ...


class Port(Protocol):
    def get(self) -> int: ...

    def put(self) -> None:
        '''Nothing to run.'''


def outer():
    name = 1

    def inner():
        nonlocal name
        global SEEN
        SEEN = name = 2
        return lambda: (
            name
        )

    async def steps():
        for n in range(2):
            yield n

    async def collect():
        found = []
        async for n in steps():
            found.append(n)
        async with asyncio.Lock():
            if found:
                return found
        return None

    assert inner()() == 2
    return asyncio.run(collect())


def never():
    return 1
    print()


def run():
    decorated()
    Row([1])
    outer()
"""
SOURCES = {"forks": FORKS, "matches": MATCHES, "errors": ERRORS, "definitions": DEFINITIONS}
