"""`./noxw -s doctor` on scratch checkouts: each check has a case that passes and one that fails."""

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
from tests.gates.support.sample_project import RULE_BOOK, Part, SampleProject

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
def sample(tmp_path: Path) -> SampleProject:
    """A repository with the real rule book and hooks, one revision, and this environment."""
    sample = SampleProject.build(
        tmp_path / "project",
        Part(
            {
                ".gitattributes": "* text=auto eol=lf\n",
                ".gitignore": ".venv\n",
                CONFIGURATION: (ROOT / CONFIGURATION).read_text(encoding="utf-8"),
                RULE_BOOK: (ROOT / RULE_BOOK).read_text(encoding="utf-8"),
                f"{VERSIONS}/2026-01-01_first.py": FIRST,
            }
        ),
    )
    (sample.root / ".venv").symlink_to(sys.prefix)
    return sample


def row_of(check: Check, *, fix: bool = False) -> Row:
    [row] = examine({"check": check}, fix=fix)
    return row


def replace_interpreter(sample: SampleProject, script: str) -> None:
    (sample.root / ".venv").unlink()
    sample.write(".venv/bin/python", f"#!/bin/sh\n{script}\n")
    (sample.root / ".venv/bin/python").chmod(0o755)


def test_accepts_interpreter_when_both_environments_match(sample: SampleProject) -> None:
    assert environment.python(sample.project).remedy == ""


def test_refuses_interpreter_when_rule_book_does_not_list_it(sample: SampleProject) -> None:
    sample.rule('python = ["3.11", "3.12", "3.13", "3.14"]', 'python = ["3.98", "3.99"]')

    result = environment.python(sample.project)

    assert result.summary.endswith("; 3.98 to 3.99 are supported")
    assert result.remedy == "PYTHON=python3.99 ./noxw -s env"


def test_refuses_interpreter_when_environment_has_another_one(sample: SampleProject) -> None:
    replace_interpreter(sample, "printf '3.9.1\\n/opt\\n'")

    result = environment.python(sample.project)

    assert result.summary.endswith(".venv has 3.9.1 of /opt")
    assert result.remedy == "rm -rf .venv && ./noxw -s env"


def test_accepts_the_environment_when_its_stamp_is_as_expected(sample: SampleProject) -> None:
    replace_interpreter(sample, f'exec "{sys.executable}" "$@"')
    sample.write(".venv/stamp", "lock")

    assert environment.environment(sample.project, "lock").remedy == ""


def test_refuses_the_environment_when_the_lock_has_changed(sample: SampleProject) -> None:
    replace_interpreter(sample, f'exec "{sys.executable}" "$@"')
    sample.write(".venv/stamp", "lock")

    result = environment.environment(sample.project, "newer lock")

    assert (result.summary, result.remedy) == (
        ".venv was installed from another lock or by another Python",
        "./noxw -s env",
    )


def test_refuses_the_environment_when_it_is_missing(sample: SampleProject) -> None:
    (sample.root / ".venv").unlink()

    assert environment.environment(sample.project, "lock").summary == ".venv is missing"


def test_refuses_the_environment_when_its_python_does_not_run(sample: SampleProject) -> None:
    replace_interpreter(sample, "exit 1")

    result = environment.environment(sample.project, "lock")

    assert (result.summary, result.remedy) == (
        ".venv has a Python that does not run",
        "rm -rf .venv && ./noxw -s env",
    )


@pytest.fixture
def shallow(sample: SampleProject, tmp_path: Path) -> SampleProject:
    """A shallow clone, which has one of two commits."""
    sample.commit("second")
    command = ["git", "clone", "--quiet", "--depth=1", sample.root.as_uri(), "clone"]
    subprocess.run(command, cwd=tmp_path, check=True)
    return SampleProject(tmp_path / "clone")


def test_accepts_the_history_when_it_is_whole(sample: SampleProject) -> None:
    assert row_of(lambda: checkout.depth(sample.project)).state == "ok"


def test_completes_the_history_when_the_clone_is_shallow(shallow: SampleProject) -> None:
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


def test_leaves_the_base_unjudged_when_the_clone_is_shallow(shallow: SampleProject) -> None:
    assert row_of(lambda: checkout.base(shallow.project)).state == "skipped"


def test_accepts_the_base_when_there_is_no_remote(sample: SampleProject) -> None:
    assert checkout.base(sample.project).summary.startswith("changes are compared with main (")


def test_follows_the_remote_when_its_default_branch_was_renamed(
    sample: SampleProject, tmp_path: Path
) -> None:
    sample.git("branch", "--move", "main", "master")
    subprocess.run(["git", "clone", "--quiet", str(sample.root), "clone"], cwd=tmp_path, check=True)
    clone = SampleProject(tmp_path / "clone")
    sample.git("branch", "--move", "master", "main")
    clone.git("fetch", "--quiet", "--prune")

    def check() -> Result:
        return checkout.base(clone.project)

    assert row_of(check).summary == "origin/HEAD still names origin/master, today's branch is origin/main"
    assert row_of(check, fix=True).summary == "ran `git remote set-head origin --auto`"
    assert clone.git("symbolic-ref", "refs/remotes/origin/HEAD") == "refs/remotes/origin/main"


def test_refuses_the_base_when_the_variable_names_no_commit(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAU2_BASE", "missing")

    assert checkout.base(sample.project).remedy == "unset PAU2_BASE"


def test_names_git_command_when_there_is_no_base_branch(sample: SampleProject) -> None:
    sample.git("branch", "--move", "main", "other")

    assert row_of(lambda: checkout.base(sample.project)).remedy == "git fetch origin main:main"


def test_accepts_the_hooks_when_they_are_installed(sample: SampleProject) -> None:
    install(sample.project)

    assert checkout.hooks(sample.project).summary == "pre-commit and pre-push are installed"


def test_refuses_the_hooks_when_they_are_missing_or_stale(sample: SampleProject) -> None:
    install(sample.project)
    hooks = sample.root / ".git/hooks"
    (hooks / "pre-commit").write_text("#!/bin/sh\n", encoding="utf-8")
    (hooks / "pre-push").unlink()

    result = checkout.hooks(sample.project)

    assert result.summary == "pre-commit is not the project's of today, pre-push is missing"
    assert result.remedy == "./noxw -s hooks"


def test_refuses_the_hooks_when_git_may_not_run_them(sample: SampleProject) -> None:
    install(sample.project)
    (sample.root / ".git/hooks/pre-push").chmod(0o644)

    assert checkout.hooks(sample.project).summary == "pre-push is not executable"


def test_refuses_the_hooks_when_git_takes_others(sample: SampleProject) -> None:
    install(sample.project)
    sample.git("config", "core.hooksPath", "elsewhere")

    remedy = checkout.hooks(sample.project).remedy
    shell_repair(remedy, sample.root)()

    assert remedy == "git config --local --unset-all core.hooksPath"
    assert checkout.hooks(sample.project).remedy == ""


def test_leaves_the_hooks_unjudged_when_the_project_is_a_folder(sample: SampleProject) -> None:
    sample.write("folder/file")

    assert checkout.hooks(Project(root=sample.root / "folder")).is_skipped


def test_accepts_the_revisions_when_they_have_one_head(sample: SampleProject) -> None:
    sample.write(f"{VERSIONS}/2026-01-02_ours.py", SECOND.format(id="b"))

    assert checkout.revisions(sample.project).summary == "2 revisions, one head"


def test_refuses_the_revisions_when_there_are_two_heads(sample: SampleProject) -> None:
    for name in ("ours", "theirs"):
        sample.write(f"{VERSIONS}/2026-01-02_{name}.py", SECOND.format(id=name))

    result = checkout.revisions(sample.project)

    assert result.remedy == "./noxw -s migrations"
    assert "2026-01-02_" in result.summary


def test_skips_revisions_when_the_target_is_unknown(sample: SampleProject) -> None:
    sample.git("branch", "--move", "main", "other")

    assert checkout.revisions(sample.project).is_skipped


def test_gives_files_unix_line_ends_when_they_have_others(sample: SampleProject) -> None:
    (sample.root / RULE_BOOK).write_bytes(b"one\r\ntwo\r\n")

    def check() -> Result:
        return checkout.line_ends(sample.project)

    assert row_of(check).summary == f"{RULE_BOOK} has Windows line ends (CRLF)"
    assert row_of(check, fix=True).state == "fixed"
    assert (sample.root / RULE_BOOK).read_bytes() == b"one\ntwo\n"


def test_accepts_binary_files_when_they_have_windows_line_ends(sample: SampleProject) -> None:
    sample.append(".gitattributes", "*.bin binary\n")
    (sample.root / "a.bin").write_bytes(b"one\r\n")
    sample.commit()

    assert checkout.line_ends(sample.project).remedy == ""


@pytest.mark.parametrize("is_there", [True, False])
def test_removes_a_work_tree_when_its_run_was_killed(
    sample: SampleProject, tmp_path: Path, *, is_there: bool
) -> None:
    left = tmp_path / "pau2-base-x y/base"
    sample.git("worktree", "add", "--quiet", "--detach", str(left))
    if is_there:
        os.utime(left, (time.time() - 2 * checkout.ABANDONED_AFTER_SECONDS,) * 2)
    else:
        shutil.rmtree(left)

    def check() -> Result:
        return checkout.worktrees(sample.project)

    assert row_of(check).remedy == f"git worktree remove --force '{left}'"
    assert row_of(check, fix=True).state == "fixed"
    assert not left.exists()
    assert len(sample.git("worktree", "list").splitlines()) == 1


def test_keeps_work_trees_when_used_or_made_by_the_developer(sample: SampleProject, tmp_path: Path) -> None:
    sample.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "pau2-base-new/base"))
    sample.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "mine"))
    shutil.rmtree(tmp_path / "mine")

    assert checkout.worktrees(sample.project).remedy == ""


def test_refuses_clock_when_newest_commit_is_from_the_future(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = checkout.clock(sample.project)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
        monkeypatch.setenv(f"GIT_{name}_DATE", f"{int(time.time()) + 3600} +0000")
    subprocess.run(["git", "commit", "--quiet", "--allow-empty", "-m", "later"], cwd=sample.root, check=True)

    refused = checkout.clock(sample.project)

    assert accepted.remedy == ""
    assert refused.summary.startswith("HEAD was committed 60 minutes from now")


def test_checks_what_it_can_when_the_environment_is_missing(
    sample: SampleProject, capsys: pytest.CaptureFixture[str]
) -> None:
    (sample.root / ".venv").unlink()

    code = doctor.main(["stamp"], sample.root)

    shown = capsys.readouterr().out
    assert code == 1
    assert "environment  wrong    .venv is missing\n" in shown
    assert "line ends    ok       text files have Unix line ends\n" in shown
    assert "port         skipped  .venv does not run. See above\n" in shown


@pytest.mark.usefixtures("database_url")
def test_shows_the_rows_of_both_programs(sample: SampleProject, capsys: pytest.CaptureFixture[str]) -> None:
    for package in ("devtools", "gates"):
        (sample.root / "backend" / package).symlink_to(ROOT / "backend" / package)

    code = doctor.main(["stamp"], sample.root)

    names = {line[:13].strip() for line in capsys.readouterr().out.splitlines()}
    assert code == 1  # the stamp differs
    assert {"python", "environment", "locale", *doctor.VENV_CHECKS} <= names


def test_says_so_when_the_environment_lacks_a_library(
    sample: SampleProject, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_interpreter(sample, f'[ "$1" != -m ] && exec "{sys.executable}" "$@"; echo no psutil >&2; exit 1')
    (sample.root / "backend").mkdir(exist_ok=True)

    doctor.main(["stamp"], sample.root)

    assert "libraries    wrong    .venv cannot run the other checks (no psutil)\n" in capsys.readouterr().out


def test_skips_the_other_checks_when_they_take_too_long(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "VENV_TIMEOUT_SECONDS", 0.2)
    replace_interpreter(sample, f'[ "$1" != -m ] && exec "{sys.executable}" "$@"; exec sleep 60')
    (sample.root / "backend").mkdir(exist_ok=True)

    doctor.main(["stamp"], sample.root)

    assert "port         skipped  the checks took longer than 0 s\n" in capsys.readouterr().out
