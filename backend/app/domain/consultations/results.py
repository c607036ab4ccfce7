"""Suppression of small counts in the results of an ANONYMOUS consultation.

The number of responses is published too, so a single suppressed count could be computed. Hence two rules
besides the threshold. Of options that exclude each other, a small count also suppresses the smallest other
count. An option that can be chosen together with others counts as a question of its own: chosen or not.

This suffices: with one small and one other count suppressed, every exchange of their values fits the
published numbers, so neither can be derived.
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
    """Suppress the counts below MIN_CELL_COUNT and, if there are any, the smallest other count."""
    large = [count for count in counts if count >= MIN_CELL_COUNT]
    if len(large) == len(counts):
        return list(counts)
    limit = min(large, default=0)
    return [count if count >= MIN_CELL_COUNT and count > limit else None for count in counts]
