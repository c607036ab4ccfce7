"""R10, R11: revisions."""

from tests.gates.cases.case import InvalidCase
from tests.gates.support.parts.migrations import ENV, FIRST, VERSIONS, revision
from tests.gates.support.sample_project import SampleProject

SECOND, THIRD = f"{VERSIONS}/2026-01-11_street.py", f"{VERSIONS}/2026-01-12_door.py"
ADD, DROP = ["ALTER TABLE neighbours ADD COLUMN street text"], ["ALTER TABLE neighbours DROP COLUMN street"]
MODEL = '    sa.Column("phone", sa.Text),\n'
STREET = '    sa.Column("street", sa.Text),\n'


def street(sample: SampleProject, up: list[str], back: list[str], name: str = SECOND) -> SampleProject:
    """Add a revision, and the column that the models then describe."""
    return sample.write(name, revision("street", "first", up, back)).replace(ENV, MODEL, MODEL + STREET)


CASES = [
    InvalidCase(
        id="two revisions after the same one",
        gate="migration-head",
        change=lambda sample: street(sample, ADD, DROP).write(
            THIRD, revision("door", "first", ["SELECT 1"], ["SELECT 1"])
        ),
        file=THIRD,
        line="down_revision",
        message="there are two heads: 2026-01-11_street.py follows 'first' too",
        fix="set down_revision = 'street'",
        also_rejected_by=("migration-code",),
    ),
    InvalidCase(
        id="a revision without a day",
        gate="migration-head",
        change=lambda sample: street(sample, ADD, DROP, f"{VERSIONS}/street.py"),
        file=f"{VERSIONS}/street.py",
        message="a revision is a file backend/alembic/versions/YYYY-MM-DD_slug.py",
        fix="rename it",
    ),
    InvalidCase(
        id="a model that changed without a revision",
        gate="migration-drift",
        change=lambda sample: sample.replace(ENV, MODEL, MODEL + STREET),
        file=FIRST,
        message="TABLE neighbours: revisions make",
        fix="./noxw -s revision",
    ),
    InvalidCase(
        id="an enumeration that grew in the models alone",
        gate="migration-drift",
        change=lambda sample: sample.replace(ENV, '"MOVED"', '"MOVED", "GONE"'),
        file=FIRST,
        message="TYPE neighbour_status: revisions make",
        fix="./noxw -s revision",
    ),
    InvalidCase(
        id="a merged revision that was edited",
        gate="migration-code",
        change=lambda sample: sample.replace(FIRST, "DEFAULT 'nobody'", "DEFAULT 'you'"),
        file=FIRST,
        message="a merged revision was edited: databases that ran it would differ",
        fix="and write a new revision",
    ),
    InvalidCase(
        id="a revision that fills in the time",
        gate="migration-code",
        change=lambda sample: street(sample, [*ADD, "UPDATE neighbours SET street = now()::text"], DROP),
        file=SECOND,
        line="now()",
        message="now in this statement gives other rows each time this revision runs",
        fix="write the values as literals in the statement",
    ),
    InvalidCase(
        id="a revision that reads the application",
        gate="migration-code",
        change=lambda sample: (
            street(sample, ADD, DROP)
            .replace(
                SECOND,
                "from alembic import op\n",
                "from alembic import op\n\nfrom app.domain.news import ArticleId\n",
            )
            .replace(SECOND, 'revision = "street"', 'KIND = ArticleId\nrevision = "street"')
        ),
        file=SECOND,
        line="from app",
        message="it imports app.domain.news, which may mean something else",
        fix="copy the values that you need into the revision",
    ),
    InvalidCase(
        id="a revision without a way back",
        gate="migration-code",
        change=lambda sample: street(sample, ADD, DROP).replace(SECOND, f'op.execute("{DROP[0]}")', "pass"),
        file=SECOND,
        line="def downgrade",
        message="downgrade does nothing: a revision goes both ways",
        fix='or declare IRREVERSIBLE = "why there is no way back"',
    ),
    InvalidCase(
        id="an index that keeps everybody waiting",
        gate="migration-code",
        change=lambda sample: street(
            sample, [*ADD, "CREATE INDEX ix_age ON neighbours (age)"], ["DROP INDEX ix_age", *DROP]
        ),
        file=SECOND,
        message="[squawk require-concurrent-index-creation] in: CREATE INDEX ix_age",
        fix="oncurrent",
    ),
    InvalidCase(
        id="a way back that leaves something behind",
        gate="migration-cycle",
        change=lambda sample: street(sample, [*ADD, "CREATE TABLE doors (id integer)"], DROP),
        file=SECOND,
        message="downgrade leaves of TABLE doors",
        fix="repair downgrade",
    ),
    InvalidCase(
        id="a column that rows do not have",
        gate="migration-cycle",
        change=lambda sample: street(
            sample, ["ALTER TABLE neighbours ADD COLUMN street text NOT NULL"], DROP
        ),
        file=SECOND,
        message="it cannot upgrade a database that has rows: NotNullViolation",
        fix="change the rows in this revision",
        also_rejected_by=("migration-code",),
    ),
]
