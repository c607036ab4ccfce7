"""The verdicts on mutants in a SQLite file, which all checkouts of a machine share.

A verdict is valid while the mutated code and all that its judging tests depend on are the same. A test that
executes a function depends on it, so the digests of the tests stand for the function as well.
"""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from gates.mutation import operators, plan
from gates.mutation.engine import Candidate, MutantResult
from gates.mutation.judges import Judges
from gates.mutation.operators import mutants
from gates.repo.python import parse_source
from gates.testing.result_cache.units import outer_functions

FILE = "mutants-1.sqlite"  # the number is the version of the table
MAX_VERDICTS = 200_000
WAIT_SECONDS = 60
TABLE = """
CREATE TABLE IF NOT EXISTS verdict (
  mutant TEXT NOT NULL, judges TEXT NOT NULL, outcome TEXT NOT NULL, test TEXT NOT NULL,
  PRIMARY KEY (mutant, judges)
)
"""
"""`judges` is a digest of what the deciding tests depend on: the one that detected the mutant, or all."""


@dataclass(frozen=True)
class Verdicts:
    """The verdicts in a folder that stay valid with what is known of the tests.

    `sources` has the content of each mutated file.
    """

    folder: Path
    judges: Judges
    sources: Mapping[str, str]
    max_verdicts: int = MAX_VERDICTS

    def load(self, candidates: Iterable[Candidate]) -> list[MutantResult]:
        """Return the results of the candidates that have a valid verdict."""
        with closing(self._connect()) as database:
            found = ((candidate, self._find(database, candidate)) for candidate in candidates)
            return [
                MutantResult(candidate.file, candidate.mutant, *verdict)
                for candidate, verdict in found
                if verdict
            ]

    def save(self, candidates: Iterable[Candidate], results: Iterable[MutantResult]) -> None:
        """Store the results of candidates, in their order, whose tests depend only on what is known."""
        rows = []
        for candidate, result in zip(candidates, results, strict=True):
            is_known = result.is_detected or result.outcome == "survived"
            decided_by = [result.test] if result.is_detected and result.test else [*candidate.tests]
            if is_known and (judges := self._digest_of(decided_by)):
                rows.append((self._key(candidate), judges, result.outcome, result.test))
        with closing(self._connect()) as database, database:
            database.executemany("INSERT OR REPLACE INTO verdict VALUES (?, ?, ?, ?)", rows)
            database.execute(
                "DELETE FROM verdict WHERE rowid <= (SELECT max(rowid) FROM verdict) - ?", [self.max_verdicts]
            )

    def _find(self, database: sqlite3.Connection, candidate: Candidate) -> tuple[str, str] | None:
        """Return the outcome of a candidate and the test that ran last, None without a valid verdict."""
        everything = self._digest_of([*candidate.tests])
        query = "SELECT judges, outcome, test FROM verdict WHERE mutant = ?"
        for judges, outcome, test in database.execute(query, [self._key(candidate)]):
            is_by_one = test in candidate.tests and judges == self._digest_of([test])
            if judges == everything or (is_by_one and outcome != "survived"):
                return outcome, test
        return None

    def _digest_of(self, tests: Sequence[str]) -> str:
        """Return a digest of all that some tests depend on, "" when that is unknown of one of them."""
        digests = [self.judges.digests.get(test, "") for test in tests]
        return _digest(*sorted(digests)) if digests and all(digests) else ""

    def _key(self, candidate: Candidate) -> str:
        place = self._places[candidate.file][candidate.mutant.number]
        return _digest(_version(), self.judges.context, candidate.file, place)

    @cached_property
    def _places(self) -> dict[str, dict[int, str]]:
        return {name: places_of(source) for name, source in self.sources.items()}

    def _connect(self) -> sqlite3.Connection:
        self.folder.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self.folder / FILE, timeout=WAIT_SECONDS)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(TABLE)
        return database


@cache
def _version() -> str:
    """Return a digest of the code that makes and runs mutants."""
    worker = Path(plan.__file__).with_name("worker.py")  # importing it would need pytest
    return _digest(Path(operators.__file__).read_text("utf-8"), worker.read_text("utf-8"))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def places_of(source: str) -> dict[int, str]:
    """Return for each number of a mutant its function, its change, and how many before it are the same.

    So a mutant keeps its place when other functions change.
    """
    tree = parse_source(source)
    owners = {
        line: name
        for name, node in outer_functions(tree)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    seen: Counter[tuple[str, str]] = Counter()
    places = {}
    for mutant in mutants(source, tree):
        same = (owners.get(mutant.line, ""), mutant.diff)
        places[mutant.number] = f"{same[0]}\0{mutant.diff}\0{seen[same]}"
        seen[same] += 1
    return places
