"""Suppression of small counts. The tests run the attack instead of repeating the rule."""

from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.consultations.questions import QuestionKind
from app.domain.consultations.results import MIN_CELL_COUNT, publishable

SINGLE = QuestionKind.SINGLE_CHOICE
MULTIPLE = QuestionKind.MULTIPLE_CHOICE


@pytest.mark.parametrize(
    ("kind", "counts", "responses", "told"),
    [
        (SINGLE, [5, 7], 12, [5, 7]),
        (SINGLE, [5, 7], 14, [5, 7]),
        (SINGLE, [40, 3], 43, [None, None]),
        (SINGLE, [40, 0], 40, [None, None]),
        (SINGLE, [30, 12, 3], 45, [30, None, None]),
        (SINGLE, [30, 12, 12, 3], 57, [30, None, None, None]),
        (SINGLE, [30, 12, 4, 4], 50, [30, None, None, None]),
        (SINGLE, [2, 2], 4, [None, None]),
        (SINGLE, [5, 5], 10, [5, 5]),
        (SINGLE, [9, 5, 4, 4], 22, [9, None, None, None]),
        (SINGLE, [0, 0], 9, [None, None]),
        (MULTIPLE, [5, 9, 4, 6], 10, [5, None, None, None]),
        (MULTIPLE, [10, 0], 10, [None, None]),
        (MULTIPLE, [5, 5], 10, [5, 5]),
        (MULTIPLE, [4, 4], 4, [None, None]),
        (QuestionKind.OPEN_TEXT, [], 9, []),
    ],
)
def test_tells_what_may_be_told_when_counts_are_published(
    kind: QuestionKind, counts: list[int], responses: int, told: list[int | None]
) -> None:
    assert publishable(kind, counts, responses) == told


@given(st.lists(st.integers(0, 40), min_size=2, max_size=20), st.integers(0, 10))
def test_publishes_true_counts_but_no_small_ones_when_suppressed(counts: list[int], blank: int) -> None:
    for kind in (SINGLE, MULTIPLE):
        responses = sum(counts) + blank
        for count, told in zip(counts, publishable(kind, counts, responses), strict=True):
            assert told is None or told == count >= MIN_CELL_COUNT


@given(
    st.lists(st.one_of(st.integers(0, 4), st.integers(4, 9)), min_size=2, max_size=4),
    st.sampled_from([0, 0, 3, 6]),
)
def test_hidden_counts_are_unknown_when_rule_and_total_are_known(counts: list[int], blank: int) -> None:
    """Try every vote with the same published result: no hidden count may be equal in all of them."""
    responses = sum(counts) + blank
    told = publishable(SINGLE, counts, responses)
    if responses < MIN_CELL_COUNT:
        assert told == [None] * len(counts)
        return

    worlds = list(_explanations(told, responses, required=blank == 0))

    assert counts in worlds
    for place, count in enumerate(told):
        if count is None:
            assert len({world[place] for world in worlds}) > 1


def _explanations(told: Sequence[int | None], responses: int, *, required: bool) -> Iterator[list[int]]:
    """Yield every vote that fits the result. If nobody could abstain, its counts add up to the responses."""
    left = responses - sum(count for count in told if count is not None)
    ranges = [[count] if count is not None else range(left + 1) for count in told]
    for world in map(list, product(*ranges)):
        fits = sum(world) == responses if required else sum(world) <= responses
        if fits and publishable(SINGLE, world, responses) == told:
            yield world
