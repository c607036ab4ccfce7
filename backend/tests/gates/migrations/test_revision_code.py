"""The code of revisions: deterministic, reversible, and unchanged once merged."""

from pathlib import Path

import pytest

from gates.migrations.revision_code import _normalized, check
from gates.model import GateError, Outcome
from tests.gates.support.parts.migrations import ENV, FILES, FIRST, MIGRATIONS, VERSIONS, revision
from tests.gates.support.sample_project import SampleProject

SECOND = f"{VERSIONS}/2026-01-11_second.py"
THIRD = f"{VERSIONS}/2026-01-12_third.py"
ADD = ["ALTER TABLE neighbours ADD COLUMN street text"]
REMOVE = ["ALTER TABLE neighbours DROP COLUMN street"]


@pytest.fixture
def sample(tmp_path: Path) -> SampleProject:
    """The first revision is merged; the change adds what the test writes."""
    return SampleProject.build(tmp_path, MIGRATIONS, branch="change")


def places(outcome: Outcome) -> list[tuple[str, int, str]]:
    return [(finding.file, finding.line, finding.message) for finding in outcome.findings]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("import uuid", "it imports uuid"),
        ("from .typing import helper", "it imports a file beside it"),
        ("stamp = datetime.now()", "now gives another value"),
        ("stamp = sa.func.now()", "now gives another value"),
        ("stamp = sa.func.now; stamp()", "now gives another value"),
        ("key = uuid4()", "uuid4 gives another value"),
        ("key = __import__('uuid')", "__import__ hides"),
        ("rows = open('/etc/rows')", "open hides"),
        ("op.execute('INSERT INTO n ' + 'SELECT CURRENT_TIMESTAMP')", "CURRENT_TIMESTAMP in this statement"),
        ("op.execute(f'DELETE FROM {sa} WHERE random() < 1')", "random in this statement"),
    ],
)
def test_refuses_revision_when_it_would_differ_next_time(
    sample: SampleProject, statement: str, said: str
) -> None:
    source = revision("second", "first", ADD, REMOVE).replace(
        "    op.execute", f"    {statement}\n    op.execute", 1
    )
    sample.write(SECOND, source)
    assert [
        (file, line) for file, line, message in places(check(sample.project)) if message.startswith(said)
    ] == [(SECOND, 8)]


@pytest.mark.parametrize(
    ("direction", "body"),
    [
        ("downgrade", '"""Nothing."""'),
        ("downgrade", "..."),
        ("downgrade", "raise NotImplementedError"),
        ("downgrade", "return"),
        ("upgrade", "pass"),
    ],
)
def test_refuses_revision_when_a_direction_does_nothing(
    sample: SampleProject, direction: str, body: str
) -> None:
    statements = (ADD, REMOVE)
    source = revision("second", "first", *statements)
    old = f'op.execute("{(REMOVE if direction == "downgrade" else ADD)[0]}")'
    sample.write(SECOND, source.replace(old, body))
    line = source.splitlines().index(f"def {direction}() -> None:") + 1
    message = f"{direction} does nothing: a revision goes both ways"
    assert places(check(sample.project)) == [(SECOND, line, message)]


def test_refuses_revision_when_downgrade_and_reason_are_missing(sample: SampleProject) -> None:
    source = revision("second", "first", ADD, REMOVE, head='IRREVERSIBLE = " "')
    sample.write(SECOND, source.partition("def downgrade")[0])
    assert places(check(sample.project)) == [(SECOND, 0, "downgrade does nothing: a revision goes both ways")]


def test_passes_when_deterministic_or_declared_irreversible(sample: SampleProject) -> None:
    columns = 'op.add_column("n", sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now()))'
    source = revision("second", "first", ADD, ["ALTER TABLE n ALTER COLUMN at SET DEFAULT now()"])
    source = source.replace("import op", "import op\nimport sqlalchemy as sa", 1)
    sample.write(SECOND, source.replace("    op.execute", f"    {columns}\n    op.execute", 1))
    final = revision("third", "second", ["UPDATE n SET at = at"], [], head='IRREVERSIBLE = "data is gone"')
    sample.write(THIRD, final.rstrip() + "\n    raise NotImplementedError\n")
    outcome = check(sample.project)
    assert places(outcome) == []
    assert outcome.note == "2 new, 1 merged"


@pytest.mark.parametrize("edit", ["\nDEPTH = 1\n", "\n\ndef helper():\n    return 1\n"])
def test_refuses_edit_when_merged_revision_does_something_else(sample: SampleProject, edit: str) -> None:
    sample.write(FIRST, FILES[FIRST] + edit)
    [(file, _, message)] = places(check(sample.project))
    assert (file, message.partition(":")[0]) == (FIRST, "a merged revision was edited")


def test_compares_text_when_a_merged_revision_is_not_python() -> None:
    assert _normalized(FIRST, "SELECT 1 FROM news") == "SELECT 1 FROM news"


def test_passes_edit_when_merged_revision_does_the_same(sample: SampleProject) -> None:
    """The formatter may change the layout, and comments may be corrected."""
    text = FILES[FIRST].replace("def upgrade() -> None:\n", 'def upgrade() -> None:\n    """Go."""\n', 1)
    sample.write(FIRST, f'"""The first revision."""\n\n{text.replace("revision = ", "revision = (", 1)}')
    sample.replace(FIRST, 'revision = ("first"', 'revision = (  # the name\n    "first"\n)').append(
        FIRST, "# a comment"
    )

    assert places(check(sample.project)) == []


def test_refuses_removals_and_edits_when_files_are_merged(sample: SampleProject) -> None:
    script = f"{VERSIONS}/2026-01-10_neighbours.sql"
    sample.git("switch", "--quiet", "main")
    sample.write(script, "SELECT 1;\n").commit()
    sample.git("switch", "--quiet", "--create", "later")
    sample.write(script, "SELECT 2;\n").remove(FIRST).write(SECOND, FILES[FIRST])
    found = [(file, message.partition(":")[0]) for file, _, message in places(check(sample.project))]
    assert found == [
        (FIRST, "a merged revision was removed or renamed"),
        (script, "a merged revision was edited"),
    ]


def test_accepts_unsafe_sql_when_the_rule_book_ignores_the_rule(sample: SampleProject) -> None:
    table = "[migrations.squawk-ignored]\n"
    sample.rule(table, f'{table}require-concurrent-index-creation = "the table is small"\n')
    unsafe = ["CREATE INDEX ix_age ON neighbours (age)"]
    sample.write(SECOND, revision("second", "first", unsafe, ["DROP INDEX ix_age"]))
    assert places(check(sample.project)) == []


def test_explains_when_new_revision_needs_a_connection(sample: SampleProject) -> None:
    source = revision("second", "first", ADD, REMOVE)
    bound = "op.get_bind().execute('SELECT 1').fetchall()\n    op.execute"
    sample.write(SECOND, source.replace("op.execute", bound, 1))
    [(file, _, message)] = places(check(sample.project))
    assert file == SECOND
    assert message.startswith("its SQL cannot be made without a database")


def test_says_why_when_squawk_cannot_run(sample: SampleProject) -> None:
    sample.write(SECOND, revision("second", "first", ADD, REMOVE))
    sample.rule('postgresql = ["15", "16"]', 'postgresql = ["old", "16"]')

    with pytest.raises(GateError, match=r"squawk could not run: (.|\n)*'old\.0'"):
        check(sample.project)


def test_explains_when_environment_is_broken(sample: SampleProject) -> None:
    sample.write(SECOND, revision("second", "first", ADD, REMOVE)).write(ENV, "import nowhere\n")
    [(_, _, message)] = places(check(sample.project))
    assert "No module named 'nowhere'" in message
