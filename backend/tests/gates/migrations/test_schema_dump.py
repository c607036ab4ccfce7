"""pg_dump as the gates read it."""

from pathlib import Path

import pytest

from gates.migrations.schema_dump import schema_of
from gates.model import GateError


def test_says_why_when_the_schema_cannot_be_dumped(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="pg_dump failed: pg_dump: error: connection to server"):
        schema_of(f"postgresql:///nothing?host={tmp_path}")
