"""`./noxw -s doctor` on scratch checkouts: each check lets pass what is well and refuses what is not."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devtools.doctor import __main__ as doctor
from devtools.doctor import checkout, environment
from devtools.doctor.checks import Check, Result, Row, examine, shell_repair
from gates.model import Project
from gates.repo.hooks import install
from tests.gates.support.sample_project import RULE_BOOK, Twin, make_twin

ROOT = Path(__file__).resolve().parents[3]
CONFIGURATION = ".pre-commit-config.yaml"
VERSIONS = "backend/alembic/versions"
FIRST = 'revision = "a"\ndown_revision = None\n'
SECOND = 'revision = "{id}"\ndown_revision = "a"\n'


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("PAU2_BASE", raising=False)


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    """A repository with the real rule book and hooks, one revision, and this environment."""
    twin = make_twin(
        tmp_path / "project",
        {
            ".gitattributes": "* text=auto eol=lf\n",
            ".gitignore": ".venv\n",
            CONFIGURATION: (ROOT / CONFIGURATION).read_text(encoding="utf-8"),
            RULE_BOOK: (ROOT / RULE_BOOK).read_text(encoding="utf-8"),
            f"{VERSIONS}/2026-01-01_first.py": FIRST,
        },
    )
    (twin.root / ".venv").symlink_to(sys.prefix)
    return twin


def row_of(check: Check, *, fix: bool = False) -> Row:
    [row] = examine({"check": check}, fix=fix)
    return row


def replace_interpreter(twin: Twin, script: str) -> None:
    (twin.root / ".venv").unlink()
    twin.write(".venv/bin/python", f"#!/bin/sh\n{script}\n")
    (twin.root / ".venv/bin/python").chmod(0o755)


def test_accepts_the_interpreter_when_both_environments_have_the_same(twin: Twin) -> None:
    assert environment.python(twin.project).remedy == ""


def test_refuses_the_interpreter_when_the_rule_book_does_not_list_it(twin: Twin) -> None:
    twin.rule('python = ["3.11", "3.12", "3.13", "3.14"]', 'python = ["3.98", "3.99"]')

    result = environment.python(twin.project)

    assert result.summary.endswith("; 3.98 to 3.99 are supported")
    assert result.remedy == "PYTHON=python3.99 ./noxw -s env"


def test_refuses_the_interpreter_when_the_environment_has_another_one(twin: Twin) -> None:
    replace_interpreter(twin, "printf '3.9.1\\n/opt\\n'")

    result = environment.python(twin.project)

    assert result.summary.endswith(".venv has 3.9.1 of /opt")
    assert result.remedy == "rm -rf .venv && ./noxw -s env"


def test_accepts_the_environment_when_its_stamp_is_as_expected(twin: Twin) -> None:
    replace_interpreter(twin, f'exec "{sys.executable}" "$@"')
    twin.write(".venv/stamp", "lock")

    assert environment.environment(twin.project, "lock").remedy == ""


def test_refuses_the_environment_when_the_lock_has_changed(twin: Twin) -> None:
    replace_interpreter(twin, f'exec "{sys.executable}" "$@"')
    twin.write(".venv/stamp", "lock")

    result = environment.environment(twin.project, "newer lock")

    assert (result.summary, result.remedy) == (
        ".venv was installed from another lock or by another Python",
        "./noxw -s env",
    )


def test_refuses_the_environment_when_it_is_missing(twin: Twin) -> None:
    (twin.root / ".venv").unlink()

    assert environment.environment(twin.project, "lock").summary == ".venv is missing"


def test_refuses_the_environment_when_its_python_does_not_run(twin: Twin) -> None:
    replace_interpreter(twin, "exit 1")

    result = environment.environment(twin.project, "lock")

    assert (result.summary, result.remedy) == (
        ".venv has a Python that does not run",
        "rm -rf .venv && ./noxw -s env",
    )


@pytest.fixture
def shallow(twin: Twin, tmp_path: Path) -> Twin:
    """A clone of two commits that has one."""
    twin.commit("second")
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", twin.root.as_uri(), str(tmp_path / "clone")], check=True
    )
    return Twin(tmp_path / "clone")


def test_accepts_the_history_when_it_is_whole(twin: Twin) -> None:
    assert row_of(lambda: checkout.depth(twin.project)).state == "ok"


def test_completes_the_history_when_the_clone_is_shallow(shallow: Twin) -> None:
    def check() -> Result:
        return checkout.depth(shallow.project)

    assert row_of(check) == Row(
        check="check",
        state="wrong",
        summary="the clone is shallow",
        remedy="git fetch --unshallow",
        is_safe=True,
    )
    assert row_of(check, fix=True) == Row(check="check", state="fixed", summary="ran `git fetch --unshallow`")
    assert shallow.git("rev-list", "--count", "HEAD") == "2"


def test_leaves_the_base_unjudged_when_the_clone_is_shallow(shallow: Twin) -> None:
    assert row_of(lambda: checkout.base(shallow.project)).state == "skipped"


def test_accepts_the_base_when_there_is_no_remote(twin: Twin) -> None:
    assert checkout.base(twin.project).summary.startswith("changes are compared with main (")


def test_follows_the_remote_when_its_default_branch_was_renamed(twin: Twin, tmp_path: Path) -> None:
    twin.git("branch", "--move", "main", "master")
    subprocess.run(["git", "clone", "--quiet", str(twin.root), str(tmp_path / "clone")], check=True)
    clone = Twin(tmp_path / "clone")
    twin.git("branch", "--move", "master", "main")
    clone.git("fetch", "--quiet", "--prune")

    def check() -> Result:
        return checkout.base(clone.project)

    assert row_of(check).summary == "origin/HEAD still names origin/master, today's branch is origin/main"
    assert row_of(check, fix=True).summary == "ran `git remote set-head origin --auto`"
    assert clone.git("symbolic-ref", "refs/remotes/origin/HEAD") == "refs/remotes/origin/main"


def test_refuses_the_base_when_the_variable_names_no_commit(
    twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAU2_BASE", "missing")

    assert checkout.base(twin.project).remedy == "unset PAU2_BASE"


def test_names_the_command_of_git_when_there_is_no_branch_to_compare_with(twin: Twin) -> None:
    twin.git("branch", "--move", "main", "other")

    assert row_of(lambda: checkout.base(twin.project)).remedy == "git fetch origin main:main"


def test_accepts_the_hooks_when_they_are_installed(twin: Twin) -> None:
    install(twin.project)

    assert checkout.hooks(twin.project).summary == "pre-commit and pre-push are installed"


def test_refuses_the_hooks_when_they_are_missing_or_stale(twin: Twin) -> None:
    install(twin.project)
    hooks = twin.root / ".git/hooks"
    (hooks / "pre-commit").write_text("#!/bin/sh\n", encoding="utf-8")
    (hooks / "pre-push").unlink()

    result = checkout.hooks(twin.project)

    assert result.summary == "pre-commit is not the project's of today, pre-push is missing"
    assert result.remedy == "./noxw -s hooks"


def test_refuses_the_hooks_when_git_may_not_run_them(twin: Twin) -> None:
    install(twin.project)
    (twin.root / ".git/hooks/pre-push").chmod(0o644)

    assert checkout.hooks(twin.project).summary == "pre-push is not executable"


def test_refuses_the_hooks_when_git_takes_others(twin: Twin) -> None:
    install(twin.project)
    twin.git("config", "core.hooksPath", "elsewhere")

    remedy = checkout.hooks(twin.project).remedy
    shell_repair(remedy, twin.root)()

    assert remedy == "git config --local --unset-all core.hooksPath"
    assert checkout.hooks(twin.project).remedy == ""


def test_leaves_the_hooks_unjudged_when_the_project_is_a_folder(twin: Twin) -> None:
    twin.write("folder/file")

    assert checkout.hooks(Project(root=twin.root / "folder")).is_skipped


def test_accepts_the_revisions_when_they_have_one_head(twin: Twin) -> None:
    twin.write(f"{VERSIONS}/2026-01-02_ours.py", SECOND.format(id="b"))

    assert checkout.revisions(twin.project).summary == "2 revisions, one head"


def test_refuses_the_revisions_when_there_are_two_heads(twin: Twin) -> None:
    for name in ("ours", "theirs"):
        twin.write(f"{VERSIONS}/2026-01-02_{name}.py", SECOND.format(id=name))

    result = checkout.revisions(twin.project)

    assert result.remedy == "./noxw -s migrations"
    assert "2026-01-02_" in result.summary


def test_leaves_the_revisions_unjudged_when_the_target_is_unknown(twin: Twin) -> None:
    twin.git("branch", "--move", "main", "other")

    assert checkout.revisions(twin.project).is_skipped


def test_gives_files_unix_line_ends_when_they_have_others(twin: Twin) -> None:
    (twin.root / RULE_BOOK).write_bytes(b"one\r\ntwo\r\n")

    def check() -> Result:
        return checkout.line_ends(twin.project)

    assert row_of(check).summary == f"{RULE_BOOK} has Windows line ends (CRLF)"
    assert row_of(check, fix=True).state == "fixed"
    assert (twin.root / RULE_BOOK).read_bytes() == b"one\ntwo\n"


def test_accepts_binary_files_when_they_have_windows_line_ends(twin: Twin) -> None:
    twin.append(".gitattributes", "*.bin binary\n")
    (twin.root / "a.bin").write_bytes(b"one\r\n")
    twin.commit()

    assert checkout.line_ends(twin.project).remedy == ""


@pytest.mark.parametrize("is_there", [True, False])
def test_removes_a_work_tree_when_its_run_was_killed(twin: Twin, tmp_path: Path, *, is_there: bool) -> None:
    left = tmp_path / "pau2-base-x y/base"
    twin.git("worktree", "add", "--quiet", "--detach", str(left))
    if is_there:
        os.utime(left, (time.time() - 2 * checkout.ABANDONED_AFTER_SECONDS,) * 2)
    else:
        shutil.rmtree(left)

    def check() -> Result:
        return checkout.worktrees(twin.project)

    assert row_of(check).remedy == f"git worktree remove --force '{left}'"
    assert row_of(check, fix=True).state == "fixed"
    assert not left.exists()
    assert len(twin.git("worktree", "list").splitlines()) == 1


def test_spares_work_trees_when_they_are_in_use_or_of_the_developer(twin: Twin, tmp_path: Path) -> None:
    twin.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "pau2-base-new/base"))
    twin.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "mine"))
    shutil.rmtree(tmp_path / "mine")

    assert checkout.worktrees(twin.project).remedy == ""


def test_refuses_the_clock_when_the_newest_commit_is_from_the_future(
    twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = checkout.clock(twin.project)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
        monkeypatch.setenv(f"GIT_{name}_DATE", f"{int(time.time()) + 3600} +0000")
    subprocess.run(["git", "commit", "--quiet", "--allow-empty", "-m", "later"], cwd=twin.root, check=True)

    refused = checkout.clock(twin.project)

    assert accepted.remedy == ""
    assert refused.summary.startswith("HEAD was committed 60 minutes from now")


def test_checks_what_it_can_when_the_environment_is_missing(
    twin: Twin, capsys: pytest.CaptureFixture[str]
) -> None:
    (twin.root / ".venv").unlink()

    code = doctor.main(["stamp"], twin.root)

    shown = capsys.readouterr().out
    assert code == 1
    assert "environment  wrong    .venv is missing\n" in shown
    assert "line ends    ok       text has Unix line ends\n" in shown
    assert "port         skipped  .venv does not run, see above\n" in shown


@pytest.mark.usefixtures("database_url")
def test_shows_the_rows_of_both_programs(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    for package in ("devtools", "gates"):
        (twin.root / "backend" / package).symlink_to(ROOT / "backend" / package)

    code = doctor.main(["stamp"], twin.root)

    names = {line[:13].strip() for line in capsys.readouterr().out.splitlines()}
    assert code == 1  # the stamp is another one
    assert {"python", "environment", "locale", *doctor.VENV_CHECKS} <= names


def test_says_so_when_the_environment_lacks_a_library(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    replace_interpreter(twin, f'[ "$1" != -m ] && exec "{sys.executable}" "$@"; echo no psutil >&2; exit 1')
    (twin.root / "backend").mkdir(exist_ok=True)

    doctor.main(["stamp"], twin.root)

    assert "libraries    wrong    .venv cannot run the other checks (no psutil)\n" in capsys.readouterr().out
