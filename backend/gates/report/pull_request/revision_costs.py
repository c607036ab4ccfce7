"""The SQL of the revisions that a change adds, with its time and locks on tables of a million rows.

`revision_measurement` measures it. Here are only the results, so that the page loads no database driver.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from gates.migrations.revisions import Revision, files_at, ordered_revisions
from gates.model import Project
from gates.repo.git import merge_base

MILLION = 1_000_000
EFFECTS = {
    "ACCESS SHARE": "blocks nothing but DROP and the like",
    "ROW SHARE": "blocks no reads or writes",
    "ROW EXCLUSIVE": "blocks no reads or writes",
    "SHARE UPDATE EXCLUSIVE": "blocks no reads or writes",
    "SHARE": "blocks writes",
    "SHARE ROW EXCLUSIVE": "blocks writes",
    "EXCLUSIVE": "blocks writes",
    "ACCESS EXCLUSIVE": "blocks reads and writes",
}
"""The effect of each lock mode on other sessions, the weakest mode first."""


@dataclass(frozen=True, kw_only=True)
class StatementCost:
    """A statement, its seconds, and the locks that it adds on tables that existed before, by table.

    `held` is the time until the end of the transaction, which is how long the locks are held.
    """

    sql: str
    seconds: float
    held: float
    locks: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class RevisionCost:
    """A new revision and its statements. `rows` are those of the tables that existed and that it uses.

    It was not measured when `statements` is None.
    """

    file: str
    rows: Mapping[str, int] = field(default_factory=dict)
    statements: Sequence[StatementCost] | None = None

    @property
    def name(self) -> str:
        """The name of its file."""
        return PurePosixPath(self.file).stem

    @property
    def seconds(self) -> float:
        """The seconds of all its statements."""
        return sum(statement.seconds for statement in self.statements or ())


def known_costs(project: Project, rows: int = MILLION) -> list[RevisionCost]:
    """Return the new revisions with what an earlier measurement found of them. Raises GateError."""
    return [
        _read(_place(project, revision, rows)) or RevisionCost(file=revision.file)
        for revision in new_revisions(project)
    ]


def store_cost(project: Project, revision: Revision, rows: int, cost: RevisionCost) -> None:
    """Keep what a measurement found."""
    place = _place(project, revision, rows)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(asdict(cost), indent=1), encoding="utf-8")


def new_revisions(project: Project) -> list[Revision]:
    """Return the revisions that the base does not have, in their order."""
    merged = files_at(project, merge_base(project).commit)
    return [revision for revision in ordered_revisions(project) if revision.file not in merged]


def _place(project: Project, revision: Revision, rows: int) -> Path:
    """Return where the cost of a revision is kept, for it and all revisions before it."""
    chain = ordered_revisions(project)
    before = chain[: chain.index(revision) + 1]
    text = "\0".join([str(rows), *(each.source for each in before)])
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    return project.reports / f"revision-costs/{digest}.json"


def _read(place: Path) -> RevisionCost | None:
    try:
        fields = json.loads(place.read_text(encoding="utf-8"))
        statements = [StatementCost(**statement) for statement in fields.pop("statements")]
        return RevisionCost(**fields, statements=statements)
    except (OSError, ValueError, LookupError, TypeError):
        return None
