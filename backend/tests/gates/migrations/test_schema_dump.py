"""pg_dump as the gates read it."""

from pathlib import Path

import pytest

from gates.migrations.schema_dump import objects_of, schema_of
from gates.model import GateError


def test_says_why_when_the_schema_cannot_be_dumped(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="pg_dump failed: pg_dump: error: connection to server"):
        schema_of(f"postgresql:///nothing?host={tmp_path}")


def test_leaves_out_the_versions_of_columns() -> None:
    dump = """--
-- Name: news; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.news (
    id uuid NOT NULL
);
ALTER TABLE ONLY public.news ALTER COLUMN id SET (pg_attver=41073032);
ALTER TABLE ONLY public.news ALTER COLUMN title SET (pg_attver=41073032, n_distinct=5);


"""

    assert objects_of(dump) == {
        "TABLE news": "CREATE TABLE public.news (\n    id uuid NOT NULL\n);\n"
        "ALTER TABLE ONLY public.news ALTER COLUMN title SET (n_distinct=5);"
    }
