"""The files of a project. At commit, gates check staged files alone: others do not stop it."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gates.architecture import imports, layers, structure
from gates.lint import secrets
from gates.model import Check, Finding, GateError, Outcome, Project
from gates.repo.files import files, text, untracked
from gates.report.session import run_followed
from gates.runner import run_gate
from tests.gates.support.sample_project import SampleProject

ROOT = Path(__file__).resolve().parents[4]
CHECKS: Mapping[str, Check] = {
    "imports": imports.check,
    "layers": layers.check,
    "structure": structure.check,
}
BREAKS_RULES = "import sqlalchemy\n"
IN_THE_WORK_TREE = {
    "notes.txt": "call the baker\n",
    "backend/scratch.py": BREAKS_RULES,
    "backend/app/domain/drafts.py": BREAKS_RULES,
    "backend/app/domain/unfinished.py": "def half(:\n",
    "backend/app/without_init/module.py": BREAKS_RULES,
}
LEFT_BY_PROGRAMS = [
    *(".vscode/sftp.json", ".idea/app.iml", ".DS_Store", "backend/.DS_Store", "Thumbs.db", ".envrc"),
    *(".direnv/bin/python", ".python-version", ".tool-versions", "a.code-workspace", "backend/app/a.py~"),
    *("backend/app/#a.py#", "backend/app/.#a.py", "backend/app/.a.py.swp", "backend/app/a.py.orig"),
    "backend/tests/._test_a.py",
]


def findings(project: Project) -> list[Finding]:
    results = [run_gate(project, "commit", name, CHECKS) for name in CHECKS]
    return [finding for result in results for finding in result.findings]


@pytest.mark.parametrize("name", IN_THE_WORK_TREE)
@pytest.mark.parametrize("state", ["untracked", "intended"])
def test_passes_when_the_file_is_not_staged(sample: SampleProject, name: str, state: str) -> None:
    sample.write(name, IN_THE_WORK_TREE[name])
    if state == "intended":
        sample.git("add", "--intent-to-add", name)
        sample.git("rm", "--quiet", "--cached", name)  # as pre-commit does while it runs the hook

    assert findings(sample.project) != []
    assert findings(replace(sample.project, staged=True)) == []


def test_refuses_when_the_file_is_staged(sample: SampleProject) -> None:
    for name in ("notes.txt", "backend/app/domain/drafts.py"):
        sample.write(name, IN_THE_WORK_TREE[name])
    sample.git("add", "--all")

    found = {finding.file for finding in findings(replace(sample.project, staged=True))}

    assert found == {"notes.txt", "backend/app/domain/drafts.py"}


def test_refuses_folder_without_init_when_its_modules_are_staged(sample: SampleProject) -> None:
    sample.write("backend/app/domain/parts/module.py").git("add", "--all")

    found = findings(replace(sample.project, staged=True))

    assert "backend/app/domain/parts" in {finding.file for finding in found}


def no_untracked_files(project: Project) -> Outcome:
    found = [Finding(file=name, message="is untracked", fix="") for name in untracked(project)]
    return Outcome(findings=found, checked=1)


@pytest.mark.parametrize(("session", "code"), [("commit", 0), ("lint", 1)])
def test_checks_staged_files_only_when_run_as_commit_hook(
    sample: SampleProject, tmp_path: Path, session: str, code: int
) -> None:
    sample.rule("[sessions]\n", '[sessions]\ncommit = ["layers"]\n').git("add", "--all")
    sample.write("notes.txt")
    checks = {"layers": no_untracked_files, "lint": no_untracked_files}

    assert run_followed(sample.project, session, checks, tmp_path) == code


@pytest.mark.parametrize("name", LEFT_BY_PROGRAMS)
def test_passes_work_tree_when_editors_and_systems_left_files(sample: SampleProject, name: str) -> None:
    shutil.copy(ROOT / ".gitignore", sample.root)
    sample.git("add", ".gitignore")
    if name.startswith("backend/app/.#"):
        (sample.root / name).symlink_to("developer@machine.1")
    else:
        sample.write(name, "\0 not Python")

    assert findings(sample.project) == []


LONG = "x = 1\n" * 500
TOKEN = "password = 'hunter2hunter2'\n"


@pytest.mark.parametrize("edit", ["staged", "committed before"])
def test_looks_at_sizes_and_secrets_of_staged_files_only(sample: SampleProject, edit: str) -> None:
    sample.write("backend/app/domain/long.py", LONG).write("backend/app/domain/keys.py", TOKEN)
    sample.git("add", "--all")
    if edit == "committed before":
        sample.git("commit", "--quiet", "--message", "as it was")
    checks = {"structure": structure.check, "secrets": secrets.check}

    results = [run_gate(replace(sample.project, staged=True), "commit", name, checks) for name in checks]

    found = {finding.file for result in results for finding in result.findings}
    wanted = {"backend/app/domain/long.py", "backend/app/domain/keys.py"}
    assert found == (wanted if edit == "staged" else set())


def test_looks_at_all_files_when_the_rule_book_is_staged(sample: SampleProject) -> None:
    sample.write("backend/app/domain/long.py", "x = 1\n" * 50).git("add", "--all")
    sample.git("commit", "--quiet", "--message", "as it was")
    sample.rule("file-lines = 60", "file-lines = 40").git("add", "--all")

    found = {finding.file for finding in structure.check(replace(sample.project, staged=True)).findings}

    assert "backend/app/domain/long.py" in found


def test_lists_files_when_neither_ignored_nor_deleted(sample: SampleProject) -> None:
    sample.write("backend/app/new.py").write("reports/x.py").remove("backend/app/main.py")

    listed = files(sample.project, "backend/app/*.py", "reports/*")

    assert "backend/app/new.py" in listed
    assert "backend/app/domain/news.py" in listed
    assert not {"reports/x.py", "backend/app/main.py"} & {*listed}


def test_names_file_when_it_is_not_text(sample: SampleProject) -> None:
    (sample.root / "x.py").write_bytes(b"\xff")

    with pytest.raises(GateError, match=r"x\.py is not UTF-8 text"):
        text(sample.project, "x.py")
