"""Generated rows, which follow from the constraints of a table."""

import psycopg

from gates.migrations.schema_dump import rows_of, scratch_databases
from gates.migrations.seeding import seed

TABLES = """
CREATE TYPE mood AS ENUM ('GLAD', 'SAD');
CREATE TABLE kinds (
    id uuid PRIMARY KEY, yes boolean NOT NULL, amount numeric NOT NULL CHECK (amount BETWEEN 70 AND 71),
    day date NOT NULL, pause interval NOT NULL,
    host inet NOT NULL, list integer[] NOT NULL, data jsonb NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 20), words tsvector NOT NULL, mood mood NOT NULL,
    code text NOT NULL CHECK (code IN ('A''1', 'B')), starts timestamptz NOT NULL, ends timestamptz NOT NULL,
    note varchar(9) CHECK (length(note) = 9), CHECK (ends > starts)
);
CREATE TABLE parts (
    kind uuid NOT NULL REFERENCES kinds, number integer GENERATED ALWAYS AS IDENTITY, twice integer
    GENERATED ALWAYS AS (7) STORED, PRIMARY KEY (kind, number)
);
CREATE TABLE only_defaults (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE TABLE alone (id integer PRIMARY KEY, other integer NOT NULL REFERENCES alone);
CREATE TABLE boxes (shape box NOT NULL);
"""


def test_fills_every_table_that_accepts_rows() -> None:
    with scratch_databases() as scratch:
        url = scratch.create_database()
        with psycopg.connect(url) as connection:
            connection.execute(TABLES)
        assert seed(url) == ["alone", "boxes"]
        counts = {table.name: len(table.rows) for table in rows_of(url).values()}
        assert counts == {"kinds": 3, "parts": 3, "only_defaults": 3, "alone": 0, "boxes": 0}


def test_makes_the_same_rows_when_the_schema_is_the_same() -> None:
    with scratch_databases() as scratch:
        found = []
        for _ in range(2):
            url = scratch.create_database()
            with psycopg.connect(url) as connection:
                connection.execute(TABLES)
            seed(url)
            found.append([table.rows for table in rows_of(url).values()])
        assert found[0] == found[1]


def test_gives_one_row_without_and_one_with_what_may_be_null() -> None:
    with scratch_databases() as scratch:
        url = scratch.create_database()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE notes (id integer PRIMARY KEY, text text)")
        seed(url)
        [notes] = rows_of(url).values()
        assert {row[2] is None for row in notes.rows} == {True, False}
