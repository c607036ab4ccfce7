"""Which shard runs which test."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from gates.model import GateError

OPTION = "--shard"
FORM = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True)
class Shard:
    """A part of the tests: number 1 to `count`."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read "1/4". Raises GateError."""
        match = FORM.fullmatch(text)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise GateError(f"{OPTION} {text} names no shard: write {OPTION} 1/4 to {OPTION} 4/4.")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def tests(self, tests: Collection[str], seconds: Mapping[str, float]) -> list[str]:
        """Return the tests of this shard."""
        return assigned(tests, seconds, self.count)[self.number - 1]


def shard_in(arguments: Sequence[str]) -> tuple[Shard | None, list[str]]:
    """Return the shard that arguments name, if any, and the other arguments. Raises GateError."""
    rest = [*arguments]
    if OPTION not in rest:
        return None, rest
    place = rest.index(OPTION)
    _, text, *_ = [*rest[place : place + 2], ""]
    del rest[place : place + 2]
    return Shard.parse(text), rest


def assigned(tests: Collection[str], seconds: Mapping[str, float], count: int) -> list[list[str]]:
    """Divide tests among shards by their seconds in earlier runs: the longest first, to the emptiest shard.

    A test without seconds counts as the median. The same tests and seconds always give the same shards.
    """
    known = [seconds[test] for test in tests if test in seconds]
    usual = median(known) if known else 1.0
    shards: list[list[str]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for test in sorted(tests, key=lambda test: (-seconds.get(test, usual), test)):
        emptiest = min(range(count), key=lambda number: (loads[number], len(shards[number]), number))
        shards[emptiest].append(test)
        loads[emptiest] += seconds.get(test, usual)
    return shards
