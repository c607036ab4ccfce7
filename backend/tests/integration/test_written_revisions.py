"""Revisions that are missing: `./noxw -s revision` writes them, and another branch's are asked for."""

import re
import shutil
from pathlib import Path

import psycopg
import pytest

from app.core.settings import Environment, SettingsError
from app.infrastructure.database.migrations import migrate
from devtools import revision
from devtools.postgres import PROJECT
from tests.factories import make_settings

IS_FIRST = "down_revision: str | Sequence[str] | None = None"


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    source = PROJECT / "backend"
    shutil.copytree(source / "alembic", tmp_path / "alembic")
    shutil.copy(source / "pyproject.toml", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(source))
    versions = tmp_path / "alembic/versions"
    for file in versions.glob("*.py"):
        if IS_FIRST not in file.read_text():
            file.unlink()
    return versions


def identifiers(text: str) -> list[str]:
    """The revision's own, and the one before it if there is one."""
    return re.findall(r'^(?:down_)?revision: .* = "(.+)"', text, re.MULTILINE)


def test_writes_what_the_models_have_when_the_revisions_lack_it(versions: Path, tmp_path: Path) -> None:
    (first,) = versions.glob("*.py")

    assert revision.write("everything else", tmp_path) == 0

    (written,) = set(versions.glob("*.py")) - {first}
    text = written.read_text()
    assert written.name.endswith("_everything_else.py")
    assert identifiers(text)[1] == identifiers(first.read_text())[0]
    assert 'op.create_table(\n        "news",' in text
    assert 'op.drop_table("news")' in text
    assert 'op.create_table(\n        "audit_entries",' not in text
    assert "#" not in text


def test_returns_the_exit_code_when_a_revision_is_broken(versions: Path, tmp_path: Path) -> None:
    (versions / "broken.py").write_text("raise SystemExit(7)\n")
    before = set(versions.glob("*.py"))

    assert revision.write("more", tmp_path) == 7
    assert set(versions.glob("*.py")) == before


def test_says_what_to_do_when_another_branch_has_migrated_the_database(fresh_migration_url: str) -> None:
    with psycopg.connect(fresh_migration_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'elsewhere'")

    with pytest.raises(SettingsError) as refusal:
        migrate(make_settings(fresh_migration_url, environment=Environment.DEVELOPMENT))

    assert str(refusal.value) == (
        "Alembic: Can't locate revision identified by 'elsewhere'. Another branch or a newer release has "
        "migrated this database: go back to that one, or use another database."
    )


def test_says_so_when_there_is_no_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://somewhere/else")

    assert revision.main(["more"]) == 2
    assert capsys.readouterr().err.startswith("revision: DATABASE_URL is not a PostgreSQL address.")
