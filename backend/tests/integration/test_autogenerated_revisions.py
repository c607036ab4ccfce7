"""`./noxw -s revision` writes missing revisions, and reports revisions of another branch."""

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from app.core.settings import Environment, SettingsError
from app.infrastructure.database import migrations
from app.infrastructure.database.migrations import migrate
from devtools import autogenerate, revision
from devtools.databases import scratch_databases
from devtools.postgres import PROJECT
from tests.factories import make_settings

IS_FIRST = "down_revision: str | Sequence[str] | None = None"


FOLLOWING = """from alembic import op

revision = "{id}"
down_revision = "{down}"


def upgrade() -> None:
    op.execute("CREATE TABLE polls (id integer)")


def downgrade() -> None:
    op.execute("DROP TABLE polls")
"""


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder of revisions, which match the models."""
    source = PROJECT / "backend"
    shutil.copytree(source / "alembic", tmp_path / "alembic")
    shutil.copy(source / "pyproject.toml", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(source))
    return tmp_path / "alembic/versions"


@pytest.fixture
def versions(whole: Path) -> Path:
    """A copy of the folder with the first revision only."""
    for file in whole.glob("*.py"):
        if IS_FIRST not in file.read_text():
            file.unlink()
    return whole


@pytest.fixture
def generate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Run the session's child process in this process, on an empty database."""
    with scratch_databases() as scratch:
        monkeypatch.setenv("DATABASE_URL", scratch.create_database())
        monkeypatch.setattr(sys, "path", [*sys.path])
        monkeypatch.chdir(tmp_path)
        yield lambda *arguments: autogenerate.main(arguments)


def contents(folder: Path) -> dict[Path, str]:
    return {file: file.read_text() for file in folder.glob("*.py")}


def identifiers(text: str) -> list[str]:
    """Return the revision's identifier, and that of its predecessor if any."""
    return re.findall(r'^(?:down_)?revision: .* = "(.+)"', text, re.MULTILINE)


def head_of(versions: Path) -> str:
    """Return the identifier of the only head."""
    found = [identifiers(text) for text in contents(versions).values()]
    [head] = {names[0] for names in found} - {name for names in found for name in names[1:]}
    return head


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


def test_writes_an_empty_revision_when_it_is_asked_to(whole: Path, tmp_path: Path) -> None:
    before = set(whole.glob("*.py"))
    head = head_of(whole)

    assert revision.write("fill the titles", tmp_path, empty=True) == 0

    (written,) = set(whole.glob("*.py")) - before
    assert identifiers(written.read_text())[1] == head


def test_asks_for_a_title_when_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        revision.main([])

    assert "usage: ./noxw -s revision -- [-h] [--empty] slug" in capsys.readouterr().err


def test_returns_the_exit_code_when_a_revision_is_broken(versions: Path, tmp_path: Path) -> None:
    (versions / "broken.py").write_text("raise SystemExit(7)\n")
    before = set(versions.glob("*.py"))

    assert revision.write("more", tmp_path) == 7
    assert set(versions.glob("*.py")) == before


def test_keeps_the_revision_when_its_name_is_taken(
    versions: Path, generate: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    assert generate("everything else") == 0
    before = contents(versions)

    assert generate("everything else") == 2

    assert contents(versions) == before
    assert "_everything_else.py exists. Choose another slug" in capfd.readouterr().err


def test_writes_nothing_when_the_models_describe_nothing_new(
    whole: Path, generate: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    """This happens when the table of a new entity is missing from tables.py."""
    before = contents(whole)

    assert generate("polls") == 2

    assert contents(whole) == before
    said = capfd.readouterr().err
    assert "If a table is new, import it in backend/app/infrastructure/database/tables.py" in said
    assert "./noxw -s revision -- --empty SLUG" in said


def test_leaves_the_operations_to_people_when_asked_to(whole: Path, generate: Callable[..., int]) -> None:
    before = contents(whole)

    assert generate("--empty", "fill the titles") == 0

    [written] = contents(whole).keys() - before.keys()
    assert written.name.endswith("_fill_the_titles.py")
    assert written.read_text().count("\n    pass\n") == 2


def test_warns_when_the_revision_drops_a_table(
    whole: Path, generate: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    (whole / "2026-11-24_polls.py").write_text(FOLLOWING.format(id="polls", down=head_of(whole)))

    assert generate("no polls") == 0

    assert "it drops the table polls, which the models lack" in capfd.readouterr().err


def test_names_both_heads_when_branches_have_met(
    versions: Path, generate: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    first = head_of(versions)
    for name in ("ours", "theirs"):
        (versions / f"{name}.py").write_text(FOLLOWING.format(id=name, down=first))
    before = contents(versions)

    assert generate("more") == 2

    assert contents(versions) == before
    said = capfd.readouterr().err
    assert "There are two heads: " in said
    assert "ours.py (ours)" in said
    assert "set down_revision to the id of the other head" in said


@pytest.mark.parametrize("title", ["años", "a__b", "more and more and more and more and more and more", "-"])
def test_writes_nothing_when_the_title_cannot_name_a_file(
    versions: Path, generate: Callable[..., int], capfd: pytest.CaptureFixture[str], title: str
) -> None:
    before = contents(versions)

    assert generate("--", title) == 2

    assert contents(versions) == before
    assert f"revision: {title!r} cannot name a file. " in capfd.readouterr().err


def test_names_repair_when_another_branch_migrated_the_database(fresh_migration_url: str) -> None:
    with psycopg.connect(fresh_migration_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'elsewhere'")

    with pytest.raises(SettingsError) as refusal:
        migrate(make_settings(fresh_migration_url, environment=Environment.DEVELOPMENT))

    assert str(refusal.value) == (
        "Alembic: Can't locate revision identified by 'elsewhere'. Another branch or a newer release has "
        "migrated this database: go back to that one, or in development drop and remake the database: "
        "./noxw -s app -- reset."
    )


def test_says_what_to_do_when_two_revisions_follow_the_same_one(
    fresh_migration_url: str, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = head_of(whole)
    for name in ("ours", "theirs"):
        (whole / f"{name}.py").write_text(FOLLOWING.format(id=name, down=head))
    monkeypatch.setattr(migrations, "PYPROJECT", tmp_path / "pyproject.toml")

    with pytest.raises(SettingsError) as refusal:
        migrate(make_settings(fresh_migration_url, environment=Environment.DEVELOPMENT))

    assert str(refusal.value) == (
        "There are several heads: ours, theirs. Let one of them follow the other one: "
        "./noxw -s migrations names the file and the line."
    )


def test_says_so_when_there_is_no_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://somewhere/else")

    assert revision.main(["more"]) == 2
    assert capsys.readouterr().err.startswith("revision: DATABASE_URL is not a PostgreSQL address.")
