import pytest

from gates.migrations.alembic_process import AlembicError, _call


def test_turns_errors_of_commands_into_one_line() -> None:
    with pytest.raises(AlembicError, match=r"^AttributeError: module '[\w.]+' has no attribute 'unknown'$"):
        _call("unknown")
