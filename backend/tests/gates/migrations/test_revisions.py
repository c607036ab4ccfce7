"""Revisions as text: their chain, their code, and what merged ones must keep."""

from pathlib import Path

import pytest

from gates.migrations.revision_code import _meaning, code
from gates.migrations.revisions import head, history
from gates.model import GateError, Outcome
from tests.gates.support.sample_project import Twin, make_twin
from tests.gates.support.with_migrations import ENV, FILES, FIRST, VERSIONS, revision

SECOND = f"{VERSIONS}/2026-01-11_second.py"
THIRD = f"{VERSIONS}/2026-01-12_third.py"
ADD = ["ALTER TABLE neighbours ADD COLUMN street text"]
REMOVE = ["ALTER TABLE neighbours DROP COLUMN street"]


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    """The first revision is merged; the change adds what the test writes."""
    return make_twin(tmp_path, FILES, branch="change")


def places(outcome: Outcome) -> list[tuple[str, int, str]]:
    return [(finding.file, finding.line, finding.message) for finding in outcome.findings]


def test_passes_when_revisions_form_one_chain(twin: Twin) -> None:
    twin.write(SECOND, revision("second", "first", ADD, REMOVE))
    assert places(head(twin.project)) == []
    assert [each.id for each in history(twin.project)] == ["first", "second"]


def test_fails_when_there_is_no_revision(twin: Twin) -> None:
    twin.remove(FIRST)
    assert head(twin.project).status == "failed"


@pytest.mark.parametrize(
    ("name", "source", "line", "said"),
    [
        ("second.py", revision("second", "first", ADD, REMOVE), 0, "a revision is a file"),
        ("2026-02-30_second.py", revision("second", "first", ADD, REMOVE), 0, "a revision is a file"),
        ("2026-01-11_Second.py", revision("second", "first", ADD, REMOVE), 0, "a revision is a file"),
        ("more/2026-01-11_second.py", revision("second", "first", ADD, REMOVE), 0, "a revision is a file"),
        ("2026-01-11_second.py", revision("second", None, ADD, REMOVE), 4, "there are two heads"),
        (
            "2026-01-11_second.py",
            revision("second", "zero", ADD, REMOVE),
            4,
            "it follows 'zero', which no file",
        ),
        ("2026-01-11_second.py", revision("second", "second", ADD, REMOVE), 4, "it follows 'second'"),
        (
            "2026-01-11_second.py",
            revision("first", "first", ADD, REMOVE),
            3,
            "the id 'first' is also that of",
        ),
        ("2026-01-11_second.py", revision("", "first", ADD, REMOVE), 3, "a revision needs an id"),
        (
            "2026-01-11_second.py",
            revision("second", "first", ADD, REMOVE, head="depends_on = 'first'"),
            5,
            "depends_on makes more than one history",
        ),
        (
            "2026-01-11_second.py",
            revision("second", "first", ADD, REMOVE).replace('= "first"', '= ("first", "first")'),
            4,
            "a revision follows exactly one other",
        ),
    ],
)
def test_refuses_history_when_revision_breaks_the_chain(
    twin: Twin, name: str, source: str, line: int, said: str
) -> None:
    twin.write(f"{VERSIONS}/{name}", source)
    found = [(file, at) for file, at, message in places(head(twin.project)) if message.startswith(said)]
    assert found == [(f"{VERSIONS}/{name}", line)]


def test_refuses_second_head_when_target_gained_one(twin: Twin) -> None:
    twin.write(SECOND, revision("second", "first", ADD, REMOVE)).commit()
    twin.git("switch", "--quiet", "main")
    twin.write(THIRD, revision("third", "first", ADD, REMOVE)).commit()
    twin.git("switch", "--quiet", "change")
    [(file, line, message)] = places(head(twin.project))
    assert (file, line) == (SECOND, 4)
    assert message == "there are two heads once main is merged: 2026-01-12_third.py follows 'first' too"


def test_passes_when_target_gained_nothing_of_its_own(twin: Twin) -> None:
    twin.write(SECOND, revision("second", "first", ADD, REMOVE)).commit()
    twin.git("branch", "--force", "main", "change")
    twin.write(THIRD, revision("third", "second", ADD, REMOVE))
    assert places(head(twin.project)) == []


def test_stops_when_a_revision_is_not_python(twin: Twin) -> None:
    twin.write(SECOND, "def upgrade(:\n")
    with pytest.raises(GateError, match=rf"{SECOND}:1 is not valid Python"):
        head(twin.project)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("from app.domain.news import Article", "it imports app.domain.news"),
        ("import uuid", "it imports uuid"),
        ("from .typing import helper", "it imports a file beside it"),
        ("stamp = datetime.now()", "now gives another value"),
        ("stamp = sa.func.now()", "now gives another value"),
        ("stamp = sa.func.now; stamp()", "now gives another value"),
        ("key = uuid4()", "uuid4 gives another value"),
        ("key = __import__('uuid')", "__import__ hides"),
        ("rows = open('/etc/rows')", "open hides"),
        ("op.execute('UPDATE neighbours SET moved_at = now()')", "now in this statement"),
        ("op.execute('INSERT INTO n ' + 'SELECT CURRENT_TIMESTAMP')", "CURRENT_TIMESTAMP in this statement"),
        ("op.execute(f'DELETE FROM {sa} WHERE random() < 1')", "random in this statement"),
    ],
)
def test_refuses_revision_when_it_would_differ_next_time(twin: Twin, statement: str, said: str) -> None:
    source = revision("second", "first", ADD, REMOVE).replace(
        "    op.execute", f"    {statement}\n    op.execute", 1
    )
    twin.write(SECOND, source)
    assert [
        (file, line) for file, line, message in places(code(twin.project)) if message.startswith(said)
    ] == [(SECOND, 8)]


@pytest.mark.parametrize(
    ("direction", "body"),
    [
        ("downgrade", "pass"),
        ("downgrade", '"""Nothing."""'),
        ("downgrade", "..."),
        ("downgrade", "raise NotImplementedError"),
        ("downgrade", "return"),
        ("upgrade", "pass"),
    ],
)
def test_refuses_revision_when_a_direction_does_nothing(twin: Twin, direction: str, body: str) -> None:
    statements = (ADD, REMOVE)
    source = revision("second", "first", *statements)
    old = f'op.execute("{(REMOVE if direction == "downgrade" else ADD)[0]}")'
    twin.write(SECOND, source.replace(old, body))
    line = source.splitlines().index(f"def {direction}() -> None:") + 1
    message = f"{direction} does nothing: a revision goes both ways"
    assert places(code(twin.project)) == [(SECOND, line, message)]


def test_refuses_revision_when_downgrade_is_missing_or_its_reason_is_blank(twin: Twin) -> None:
    source = revision("second", "first", ADD, REMOVE, head='IRREVERSIBLE = " "')
    twin.write(SECOND, source.partition("def downgrade")[0])
    assert places(code(twin.project)) == [(SECOND, 0, "downgrade does nothing: a revision goes both ways")]


def test_passes_when_revision_is_deterministic_or_declared_irreversible(twin: Twin) -> None:
    columns = 'op.add_column("n", sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now()))'
    source = revision("second", "first", ADD, ["ALTER TABLE n ALTER COLUMN at SET DEFAULT now()"])
    source = source.replace("import op", "import op\nimport sqlalchemy as sa", 1)
    twin.write(SECOND, source.replace("    op.execute", f"    {columns}\n    op.execute", 1))
    final = revision("third", "second", ["UPDATE n SET at = at"], [], head='IRREVERSIBLE = "data is gone"')
    twin.write(THIRD, final.rstrip() + "\n    raise NotImplementedError\n")
    outcome = code(twin.project)
    assert places(outcome) == []
    assert outcome.note == "2 new, 1 merged"


@pytest.mark.parametrize("edit", ["\nDEPTH = 1\n", "\n\ndef helper():\n    return 1\n"])
def test_refuses_edit_when_merged_revision_does_something_else(twin: Twin, edit: str) -> None:
    twin.write(FIRST, FILES[FIRST] + edit)
    [(file, _, message)] = places(code(twin.project))
    assert (file, message.partition(":")[0]) == (FIRST, "a merged revision was edited")


def test_compares_text_when_a_merged_revision_is_not_python() -> None:
    assert _meaning(FIRST, "SELECT 1 FROM news") == "SELECT 1 FROM news"


def test_passes_edit_when_merged_revision_does_the_same(twin: Twin) -> None:
    """The formatter may lay it out anew, and a word in a comment can be corrected."""
    text = FILES[FIRST].replace("def upgrade() -> None:\n", 'def upgrade() -> None:\n    """Go."""\n', 1)
    twin.write(FIRST, f'"""The first revision."""\n\n{text.replace("revision = ", "revision = (", 1)}')
    twin.replace(FIRST, 'revision = ("first"', 'revision = (  # the name\n    "first"\n)').append(
        FIRST, "# a comment"
    )

    assert places(code(twin.project)) == []


def test_refuses_removal_and_other_files_edits_when_they_are_merged(twin: Twin) -> None:
    script = f"{VERSIONS}/2026-01-10_neighbours.sql"
    twin.git("switch", "--quiet", "main")
    twin.write(script, "SELECT 1;\n").commit()
    twin.git("switch", "--quiet", "--create", "later")
    twin.write(script, "SELECT 2;\n").remove(FIRST).write(SECOND, FILES[FIRST])
    found = [(file, message.partition(":")[0]) for file, _, message in places(code(twin.project))]
    assert found == [
        (FIRST, "a merged revision was removed or renamed"),
        (script, "a merged revision was edited"),
    ]


def test_refuses_new_revision_when_its_sql_is_unsafe(twin: Twin) -> None:
    unsafe = ["CREATE INDEX ix_age ON neighbours (age)"]
    twin.write(SECOND, revision("second", "first", unsafe, ["DROP INDEX ix_age"]))
    [(file, _, message)] = places(code(twin.project))
    assert file == SECOND
    assert "[squawk require-concurrent-index-creation] in: CREATE INDEX ix_age" in message


def test_accepts_unsafe_sql_when_the_rule_book_ignores_the_rule(twin: Twin) -> None:
    twin.rule("[rules.R10]", 'require-concurrent-index-creation = "the table is small"\n[rules.R10]')
    unsafe = ["CREATE INDEX ix_age ON neighbours (age)"]
    twin.write(SECOND, revision("second", "first", unsafe, ["DROP INDEX ix_age"]))
    assert places(code(twin.project)) == []


def test_explains_when_new_revision_needs_a_connection(twin: Twin) -> None:
    source = revision("second", "first", ADD, REMOVE)
    bound = "op.get_bind().execute('SELECT 1').fetchall()\n    op.execute"
    twin.write(SECOND, source.replace("op.execute", bound, 1))
    [(file, _, message)] = places(code(twin.project))
    assert file == SECOND
    assert message.startswith("its SQL cannot be made without a database")


def test_explains_when_environment_is_broken(twin: Twin) -> None:
    twin.write(SECOND, revision("second", "first", ADD, REMOVE)).write(ENV, "import nowhere\n")
    [(_, _, message)] = places(code(twin.project))
    assert "No module named 'nowhere'" in message
