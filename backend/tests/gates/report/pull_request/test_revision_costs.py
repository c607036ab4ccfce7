"""The cost of new revisions, measured on PostgreSQL."""

from pathlib import Path

import psycopg
import pytest

from gates.migrations.schema_dump import scratch_databases
from gates.migrations.seeding import seed
from gates.model import GateError
from gates.report.pull_request.revision_costs import RevisionCost, known_costs
from gates.report.pull_request.revision_measurement import measured_costs
from gates.report.pull_request.sample_rows import fill
from gates.report.pull_request.statement_costs import run_statements
from tests.gates.support.parts.migrations import FILES, FIRST, MIGRATIONS, TABLES, Step, write_steps
from tests.gates.support.sample_project import Part, SampleProject

ROWS = 500
STEPS = [
    Step(
        "nickname",
        ["ALTER TABLE neighbours ADD COLUMN nickname text"],
        ["ALTER TABLE neighbours DROP COLUMN nickname"],
    ),
    Step("streets", ["CREATE TABLE streets (id integer)"], ["DROP TABLE streets"]),
]
MEMBERS = """CREATE TABLE members (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE CHECK (email ~ '@'),
    phone varchar(12) NOT NULL UNIQUE CHECK (phone ~ '^[+][0-9]{11}$'),
    digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    number integer NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('A', 'B')),
    joined_at timestamptz NOT NULL,
    left_at timestamptz CHECK (left_at > joined_at)
)"""
MEMBER = """INSERT INTO members VALUES (gen_random_uuid(), 'a@b', '+34600000001', sha256('a'), 1, 'A',
  '2026-01-01', '2026-01-02')"""


@pytest.fixture
def change(tmp_path: Path) -> SampleProject:
    return SampleProject.build(tmp_path, MIGRATIONS, branch="change")


def test_measures_new_revisions_once(change: SampleProject) -> None:
    write_steps(change, *STEPS)
    files = [step.file for step in STEPS]
    assert known_costs(change.project, ROWS) == [RevisionCost(file=file) for file in files]

    nickname, streets = measured_costs(change.project, ROWS)

    assert (nickname.name, nickname.file) == ("2026-01-11_nickname", files[0])
    assert nickname.rows["neighbours"] >= ROWS
    (statement,) = nickname.statements or []
    assert statement.sql == "ALTER TABLE neighbours ADD COLUMN nickname text;"
    assert statement.locks == {"neighbours": "ACCESS EXCLUSIVE"}
    assert 0 < statement.seconds <= statement.held
    assert nickname.seconds == statement.seconds
    assert (streets.rows, [each.locks for each in streets.statements or []]) == ({}, [{}])
    assert known_costs(change.project, ROWS) == [nickname, streets]
    assert measured_costs(change.project, ROWS) == [nickname, streets]
    assert known_costs(change.project, ROWS + 1)[0].statements is None


def test_measures_the_first_revision_on_an_empty_database(tmp_path: Path) -> None:
    sample = SampleProject.build(tmp_path, Part({}, TABLES), branch="change")
    for name, content in FILES.items():
        sample.write(name, content)

    (first,) = measured_costs(sample.project, ROWS)

    assert (first.file, first.rows) == (FIRST, {})
    assert [(each.sql.split(" (")[0], each.locks) for each in first.statements or []] == [
        ("CREATE TYPE neighbour_status AS ENUM", {}),
        ("CREATE TABLE neighbours", {}),
        ("CREATE UNIQUE INDEX ix_phone ON neighbours", {}),
        ("CREATE INDEX ix_name ON neighbours", {}),
    ]


def test_has_nothing_to_measure_when_no_revision_is_new(change: SampleProject) -> None:
    assert measured_costs(change.project, ROWS) == []


def test_gives_the_reason_when_a_revision_cannot_run(change: SampleProject) -> None:
    write_steps(change, Step("broken", ["ALTER TABLE nobody ADD COLUMN a text"], ["SELECT 1"]))

    with pytest.raises(GateError, match='cannot be measured: relation "nobody" does not exist'):
        measured_costs(change.project, ROWS)


def test_forgets_a_measurement_that_is_broken(change: SampleProject) -> None:
    write_steps(change, STEPS[0])
    measured_costs(change.project, ROWS)
    for place in (change.root / "reports/revision-costs").iterdir():
        place.write_text("{")

    assert known_costs(change.project, ROWS)[0].statements is None


def test_copies_rows_that_every_constraint_accepts() -> None:
    with scratch_databases() as scratch:
        url = scratch.create_database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(MEMBERS)
            connection.execute(MEMBER)
            oid = int(connection.execute("SELECT 'members'::regclass::oid::int").fetchall()[0][0])

            assert fill(connection, oid, ROWS) == ROWS + 1
            distinct = connection.execute(
                "SELECT count(DISTINCT joined_at), count(DISTINCT email) FROM members"
            )
            assert distinct.fetchall() == [(ROWS + 1, ROWS + 1)]


def test_leaves_a_table_as_it_is_when_it_takes_no_copy() -> None:
    with scratch_databases() as scratch:
        url = scratch.create_database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE single (id boolean PRIMARY KEY CHECK (id))")
            seed(url)
            oid = int(connection.execute("SELECT 'single'::regclass::oid::int").fetchall()[0][0])

            assert fill(connection, oid, ROWS) == 1


def test_counts_how_long_locks_are_held_by_transaction() -> None:
    with scratch_databases() as scratch:
        url = scratch.create_database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE news (id integer, title text)")
        statements = [
            "-- Running upgrade a -> b",
            "BEGIN;",
            "SET lock_timeout = '4s';",
            "CREATE INDEX ix ON news (id);",
            "-- why\nSELECT pg_sleep(0.2);",
            "ALTER TABLE news ADD COLUMN a text;",
            "COMMIT;",
            "CREATE INDEX CONCURRENTLY iy ON news (title);",
        ]

        index, wait, column, concurrent = run_statements(url, statements)

        assert [index.locks, wait.locks] == [{"news": "SHARE"}, {}]
        assert column.locks == {"news": "ACCESS EXCLUSIVE"}
        assert index.held > 0.2 > column.held
        assert wait.seconds >= 0.2
        assert concurrent.held == concurrent.seconds
        assert concurrent.locks in ({}, {"news": "SHARE UPDATE EXCLUSIVE"})
