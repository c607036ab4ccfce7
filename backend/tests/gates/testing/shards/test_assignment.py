"""Which shard runs which test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates.model import GateError
from gates.testing.shards.assignment import Shard, assigned, shard_in

NAMES = st.lists(st.text("abc", min_size=1), unique=True)
SECONDS = st.dictionaries(st.text("abc", min_size=1), st.floats(0, 99))


@given(tests=NAMES, seconds=SECONDS, count=st.integers(1, 5))
def test_gives_each_test_to_exactly_one_shard(
    tests: list[str], seconds: dict[str, float], count: int
) -> None:
    shards = assigned(tests, seconds, count)

    assert sorted(test for shard in shards for test in shard) == sorted(tests)
    assert len(shards) == count


@given(tests=NAMES, seconds=SECONDS, count=st.integers(1, 5))
def test_gives_the_same_shards_whatever_the_order(
    tests: list[str], seconds: dict[str, float], count: int
) -> None:
    assert assigned(tests, seconds, count) == assigned(tests[::-1], seconds, count)


def test_gives_the_longest_first_to_the_emptiest_shard() -> None:
    seconds = {"a": 5.0, "b": 4.0, "c": 3.0, "d": 2.0, "e": 1.0}

    assert assigned([*"edcba"], seconds, 2) == [["a", "d", "e"], ["b", "c"]]


def test_counts_a_test_without_seconds_as_the_median() -> None:
    seconds = {"a": 9.0, "b": 2.0, "c": 1.0}

    assert assigned([*"abcnm"], seconds, 2) == [["a"], ["b", "m", "n", "c"]]


def test_divides_tests_evenly_when_no_seconds_are_known() -> None:
    assert assigned([*"abcde"], {}, 2) == [["a", "c", "e"], ["b", "d"]]


def test_spreads_tests_that_take_no_time() -> None:
    assert [len(shard) for shard in assigned([*"abcd"], dict.fromkeys("abcd", 0.0), 2)] == [2, 2]


def test_finds_the_shard_among_the_arguments() -> None:
    assert shard_in(["--whole", "--shard", "2/4"]) == (Shard(2, 4), ["--whole"])
    assert shard_in(["-k", "news"]) == (None, ["-k", "news"])


@pytest.mark.parametrize("text", ["", "4", "0/4", "5/4", "1/0", "a/b", "1/4/2"])
def test_refuses_what_names_no_shard(text: str) -> None:
    with pytest.raises(GateError, match="names no shard: write --shard 1/4"):
        shard_in(["--shard", text])


def test_refuses_the_option_without_a_shard() -> None:
    with pytest.raises(GateError, match="names no shard"):
        shard_in(["--shard"])
