"""Revisions down and up again, on a real PostgreSQL with rows."""

import pytest

from gates.migrations.cycle import check
from gates.model import GateError
from tests.gates.support.parts.migrations import (
    ENV,
    FIRST,
    PHONE_INDEX,
    VERSIONS,
    Step,
    messages,
    write_steps,
)
from tests.gates.support.sample_project import SampleProject


def test_refuses_revision_when_downgrade_does_not_restore(migrations_sample: SampleProject) -> None:
    steps = [
        Step("table", ["CREATE TABLE houses (id integer)"], ["SELECT 1"], "downgrade leaves of TABLE houses"),
        Step("type", ["CREATE TYPE size AS ENUM ('S')"], ["SELECT 1"], "downgrade leaves of TYPE size"),
        Step(
            "rename",
            ["ALTER TABLE neighbours RENAME phone TO mobile"],
            [
                "ALTER TABLE neighbours DROP COLUMN mobile",
                "ALTER TABLE neighbours ADD COLUMN phone text",
                PHONE_INDEX,
            ],
            "downgrade drops neighbours.phone, which the upgrade keeps",
        ),
        Step(
            "rows",
            ["CREATE TABLE streets (id integer)"],
            ["DROP TABLE streets", "DELETE FROM neighbours"],
            "downgrade loses or changes 3 of 3 rows of neighbours",
        ),
        Step("values", ["UPDATE neighbours SET age = age + 1"], ["SELECT 1"], "downgrade loses or changes 3"),
        Step(
            "required",
            ["ALTER TABLE neighbours DROP COLUMN host_id"],
            ["ALTER TABLE neighbours ADD COLUMN host_id integer NOT NULL"],
            "the way down and up again fails: NotNullViolation",
        ),
        Step(
            "twice",
            ["CREATE TABLE IF NOT EXISTS doors (id integer)", "ALTER TABLE doors ADD COLUMN size integer"],
            ["ALTER TABLE doors DROP COLUMN size"],
            "downgrade leaves of TABLE doors",
        ),
    ]
    outcome = check(write_steps(migrations_sample, *steps).project)
    said = "\n".join(messages(outcome))
    assert [step.slug for step in steps if f"{step.file}: {step.message}" not in said] == [], said


def test_passes_when_only_what_the_revision_drops_is_lost(migrations_sample: SampleProject) -> None:
    steps = [
        Step("values", ["UPDATE neighbours SET age = age + 1"], ["UPDATE neighbours SET age = age - 1"]),
        Step(
            "rename",
            ["ALTER TABLE neighbours RENAME phone TO mobile"],
            ["ALTER TABLE neighbours RENAME mobile TO phone"],
        ),
        Step(
            "drop",
            ["ALTER TABLE neighbours DROP COLUMN mobile"],
            [
                "ALTER TABLE neighbours ADD COLUMN mobile text",
                "CREATE UNIQUE INDEX ix_phone ON neighbours (mobile) WHERE mobile <> ''",
            ],
        ),
        Step(
            "default",
            ["ALTER TABLE neighbours ADD COLUMN street text NOT NULL DEFAULT 'Plaza'"],
            ["ALTER TABLE neighbours DROP COLUMN street"],
        ),
    ]
    outcome = check(write_steps(migrations_sample, *steps).project)
    assert messages(outcome) == []
    assert outcome.note == "5 revisions, all reversible"


def test_refuses_upgrade_when_rows_break_a_constraint(migrations_sample: SampleProject) -> None:
    strict = ["ALTER TABLE neighbours ADD CHECK (age > 100000)"]
    write_steps(migrations_sample, Step("strict", strict, ["SELECT 1"]))
    [message] = messages(check(migrations_sample.project))
    prefix = f"{VERSIONS}/2026-01-11_strict.py: it cannot upgrade a database that has rows: CheckViolation: "
    assert message.startswith(prefix)


def test_notes_what_was_not_tried_when_it_cannot_be(
    migrations_sample: SampleProject,
) -> None:
    table = "CREATE TABLE houses (id integer PRIMARY KEY CHECK (id = 2 AND id = 3))"
    step = Step("houses", [table, "UPDATE neighbours SET name = 'x'"], ["SELECT 1"])
    write_steps(migrations_sample, step, head='IRREVERSIBLE = "the names are gone"')
    outcome = check(migrations_sample.project)
    assert messages(outcome) == []
    assert outcome.note == f"irreversible: {step.file}: the names are gone; no rows for houses"


@pytest.mark.parametrize("timeout", ["0", "5s"])
def test_refuses_environment_when_the_lock_timeout_is_too_long(
    migrations_sample: SampleProject, timeout: str
) -> None:
    migrations_sample.replace(ENV, "-c lock_timeout=2s", f"-c lock_timeout={timeout}")
    outcome = check(migrations_sample.project)
    assert [finding.file for finding in outcome.findings] == [ENV]
    assert "ms for a lock (0: for ever)" in outcome.findings[0].message


def test_refuses_when_there_is_no_revision(migrations_sample: SampleProject) -> None:
    migrations_sample.remove(FIRST)
    with pytest.raises(GateError, match="no chain"):
        check(migrations_sample.project)
