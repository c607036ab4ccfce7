"""What may be told of the counts of an ANONYMOUS consultation.

The number of responses is published with them, so what is left out could be computed. Hence two rules
beside the threshold: of options that exclude each other a small count takes the smallest of the others
with it; and an option that can be chosen beside others is a question of its own, whose second count
is of those who did not choose it.

Why that suffices: with at least one small and one other count missing, every exchange of the missing
values among their options fits what is published, so none of them can be told.
"""

from collections.abc import Sequence

from app.domain.consultations.questions import QuestionKind

MIN_CELL_COUNT = 5


def publishable(kind: QuestionKind, counts: Sequence[int], responses: int) -> list[int | None]:
    """Return each option's count, or None where it is suppressed."""
    if responses < MIN_CELL_COUNT:
        return [None] * len(counts)
    if kind is QuestionKind.MULTIPLE_CHOICE:
        return [suppressed([count, responses - count])[0] for count in counts]
    return suppressed(counts)


def suppressed(counts: Sequence[int]) -> list[int | None]:
    """Leave out the counts below MIN_CELL_COUNT and, if there are any, the smallest of the others."""
    large = [count for count in counts if count >= MIN_CELL_COUNT]
    if len(large) == len(counts):
        return list(counts)
    limit = min(large, default=0)
    return [count if count >= MIN_CELL_COUNT and count > limit else None for count in counts]
