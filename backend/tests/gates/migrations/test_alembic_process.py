import os
import sys
from pathlib import Path

import pytest

from gates.migrations.alembic_process import AlembicError, _call, _enter


def test_turns_errors_of_commands_into_one_line() -> None:
    with pytest.raises(AlembicError, match=r"^AttributeError: module '[\w.]+' has no attribute 'unknown'$"):
        _call("unknown")


def test_prints_to_the_error_output_when_the_worker_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PAU2_ENVIRONMENT", "production")
    monkeypatch.setenv("PGPORT", "5433")
    backend = tmp_path / "backend"
    backend.mkdir()

    _enter(str(backend))
    os.write(1, b"of env.py")

    assert capfd.readouterr() == ("", "of env.py")
    assert (Path.cwd(), sys.path[0]) == (backend.resolve(), str(backend))
    assert (os.getenv("PAU2_ENVIRONMENT"), os.getenv("PGPORT")) == ("test", None)
