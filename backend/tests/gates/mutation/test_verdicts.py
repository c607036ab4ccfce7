"""Which verdicts on mutants stay valid. The tests of this project never run."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gates.mutation.engine import Candidate, MutantResult
from gates.mutation.judges import Judges
from gates.mutation.operators import mutants
from gates.mutation.verdicts import Verdicts, places_of
from gates.repo.python import parse_source

SHOP = "backend/app/shop.py"
SOURCE = "def price(amount):\n    return amount\n\n\ndef cost(amount):\n    return amount\n"
PRICE, COST = "t.py::test_price", "t.py::test_cost"
DIGESTS = {PRICE: "1", COST: "2"}


def verdicts(
    folder: Path, digests: Mapping[str, str], *, source: str = SOURCE, context: str = ""
) -> Verdicts:
    return Verdicts(folder, Judges({}, digests=digests, context=context), {SHOP: source})


def candidate(*tests: str, number: int = 0, source: str = SOURCE) -> Candidate:
    found = [*mutants(source, parse_source(source))]
    return Candidate(SHOP, found[number], dict.fromkeys(tests, 1), is_patchable=True)


def remember(folder: Path, outcome: str, test: str, *tests: str) -> Candidate:
    """Store the verdict on the first mutant with these judging tests, and return the mutant."""
    judged = candidate(*(tests or (test,)))
    result = MutantResult(SHOP, judged.mutant, outcome, test)
    verdicts(folder, DIGESTS).save([judged], [result])
    assert verdicts(folder, DIGESTS).load([judged]) == [result]
    return judged


def test_forgets_a_verdict_when_its_test_changes(tmp_path: Path) -> None:
    judged = remember(tmp_path, "killed", PRICE)

    assert verdicts(tmp_path, DIGESTS | {PRICE: "other"}).load([judged]) == []


def test_keeps_a_kill_when_another_judging_test_changes(tmp_path: Path) -> None:
    judged = remember(tmp_path, "killed", PRICE, PRICE, COST)

    found = verdicts(tmp_path, DIGESTS | {COST: "other"}).load([judged])

    assert [(result.outcome, result.test) for result in found] == [("killed", PRICE)]


def test_forgets_a_survivor_when_a_judging_test_changes(tmp_path: Path) -> None:
    judged = remember(tmp_path, "survived", PRICE, COST, PRICE)

    assert verdicts(tmp_path, DIGESTS | {COST: "other"}).load([judged]) == []
    assert verdicts(tmp_path, DIGESTS).load([candidate(PRICE)]) == []


def test_forgets_a_verdict_when_the_context_changes(tmp_path: Path) -> None:
    judged = remember(tmp_path, "killed", PRICE)

    assert verdicts(tmp_path, DIGESTS, context="another Python").load([judged]) == []


def test_keeps_nothing_when_a_test_depends_on_anything(tmp_path: Path) -> None:
    judged = candidate("t.py::test_unknown")
    known = verdicts(tmp_path, DIGESTS)

    known.save([judged], [MutantResult(SHOP, judged.mutant, "killed", "t.py::test_unknown")])

    assert known.load([judged]) == []


def test_keeps_nothing_when_a_mutant_was_not_judged(tmp_path: Path) -> None:
    judged = candidate(PRICE)
    known = verdicts(tmp_path, DIGESTS)

    known.save([judged], [MutantResult(SHOP, judged.mutant, "not judged")])

    assert known.load([judged]) == []


def test_takes_no_verdict_of_an_equal_statement_elsewhere(tmp_path: Path) -> None:
    remember(tmp_path, "killed", PRICE)

    assert verdicts(tmp_path, DIGESTS).load([candidate(PRICE, number=1)]) == []


def test_keeps_a_verdict_when_an_equal_function_is_put_before(tmp_path: Path) -> None:
    judged = remember(tmp_path, "killed", PRICE)
    longer = "def first(amount):\n    return amount\n\n\n" + SOURCE

    moved = candidate(PRICE, number=1, source=longer)
    found = verdicts(tmp_path, DIGESTS, source=longer).load([moved])

    assert judged.mutant.diff == moved.mutant.diff
    assert [result.outcome for result in found] == ["killed"]


def test_counts_equal_changes_of_one_function() -> None:
    places = places_of("def price(amount):\n    if amount:\n        return amount\n    return amount\n")

    assert [place.rpartition("\0")[2] for place in places.values()] == ["0", "0", "0"]
    assert len({*places.values()}) == len(places)


def test_keeps_only_the_newest_verdicts(tmp_path: Path) -> None:
    judged = candidate(PRICE)
    results = [MutantResult(SHOP, judged.mutant, "killed", PRICE)]
    for number in range(3):
        known = replace(verdicts(tmp_path, {PRICE: str(number)}), max_verdicts=2)
        known.save([judged], results)

    kept = [verdicts(tmp_path, {PRICE: str(number)}).load([judged]) for number in range(3)]

    assert kept == [[], results, results]
