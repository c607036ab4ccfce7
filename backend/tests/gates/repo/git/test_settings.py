"""Gates get the same answers from git whatever its configuration says, and start none of its programs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gates.coverage import trend
from gates.model import Project
from gates.repo.files import ignored, modes, tracked, untracked
from gates.repo.git import changed_lines, changed_paths, content_at, git, merge_base, target
from gates.report import page
from tests.gates.support.sample_project import Part, SampleProject

MOVED = "".join(f"line {number}\n" for number in range(20))
FILES = {
    "README.md": "one\n",
    ".gitignore": "ignored.py\n",
    ".gitattributes": "* text=auto eol=lf\n",
    "backend/app/a.py": "one\n\ntwo\n\nthree\n",
    "backend/app/moved.py": MOVED,
    "backend/app/ñ.py": "one\n",
}


def checked_out(project: Project) -> dict[str, bytes]:
    with trend._checkout(project, merge_base(project)) as base:
        return {name: (base.root / name).read_bytes() for name in FILES}


QUESTIONS: dict[str, Callable[[Project], object]] = {
    "merge base": merge_base,
    "target": target,
    "changed lines": lambda project: changed_lines(project, merge_base(project), "backend/app"),
    "changed paths": lambda project: changed_paths(project, merge_base(project)),
    "content": lambda project: content_at(project, merge_base(project).commit, "backend/app/ñ.py"),
    "tracked": tracked,
    "modes": modes,
    "untracked": untracked,
    "ignored": lambda project: ignored(project, "backend/*.py"),
    "status": lambda project: git(project, "status", "--porcelain", "--", "backend"),
    "tree": lambda project: git(project, "ls-tree", "-r", "--name-only", "HEAD", "--", "backend"),
    "subtree": lambda project: git(project, "rev-parse", "HEAD:./backend"),
    "name": page._head,
    "base": checked_out,
}

SETTINGS: dict[str, str] = {
    "diff.noprefix": "[diff]\nnoprefix = true",
    "diff.mnemonicPrefix": "[diff]\nmnemonicPrefix = true",
    "diff.external": "[diff]\nexternal = {program}",
    "diff.renames": "[diff]\nrenames = false",
    "diff.renameLimit": "[diff]\nrenameLimit = 1",
    "diff.algorithm": "[diff]\nalgorithm = patience",
    "diff.context": "[diff]\ncontext = 9\ninterHunkContext = 9",
    "diff.orderFile": "[diff]\norderFile = /missing",
    "diff.relative": "[diff]\nrelative = false",
    "diff.ignoreSubmodules": "[diff]\nignoreSubmodules = all",
    "diff.colorMoved": "[diff]\ncolorMoved = zebra\n[color]\nui = always\ndiff = always",
    "status.showUntrackedFiles": "[status]\nshowUntrackedFiles = no",
    "status.relativePaths": "[status]\nrelativePaths = true\nshort = true\nbranch = true",
    "core.hooksPath": "[core]\nhooksPath = {hooks}",
    "core.fsmonitor": "[core]\nfsmonitor = {program}",
    "core.quotePath": "[core]\nquotePath = true",
    "core.autocrlf": "[core]\nautocrlf = true\neol = crlf\nsafecrlf = false",
    "core.pager": "[core]\npager = {program}\n[pager]\ndiff = {program}\nlog = {program}\nstatus = {program}",
    "core.attributesFile": (
        '[core]\nattributesFile = {attributes}\n[filter "large"]\nsmudge = {program}\nrequired'
    ),
    "color.ui": "[color]\nui = always",
    "commit.gpgsign": "[commit]\ngpgsign = true\n[gpg]\nprogram = {program}",
    "log.showSignature": "[log]\nshowSignature = true\nfollow = true\n[gpg]\nprogram = {program}",
    "format.pretty": "[format]\npretty = full\n[log]\ndecorate = full",
}


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> SampleProject:
    sample = SampleProject.build(tmp_path_factory.mktemp("git") / "sample", Part(FILES), branch="change")
    sample.replace("backend/app/a.py", "two", "2\n\ntwo").git(
        "mv", "backend/app/moved.py", "backend/app/new.py"
    )
    sample.replace("backend/app/new.py", "line 7\n", "line seven\n").commit("añade")
    sample.write("backend/app/ignored.py").write("backend/app/untracked ñ.py", "one\n").append(
        "README.md", "two\n"
    )
    return sample


@pytest.fixture(scope="session")
def expected(changed: SampleProject) -> dict[str, object]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        environment.setenv("GIT_CONFIG_NOSYSTEM", "1")
        return {name: ask(changed.project) for name, ask in QUESTIONS.items()}


@pytest.mark.parametrize("setting", SETTINGS)
def test_answers_do_not_depend_on(
    changed: SampleProject,
    expected: dict[str, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
) -> None:
    mark, program, hooks = tmp_path / "mark", tmp_path / "program", tmp_path / "hooks"
    program.write_text(f"#!/bin/sh\ntouch {mark}\nexit 2\n")
    program.chmod(0o755)
    hooks.mkdir()
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (hooks / hook).symlink_to(program)
    (tmp_path / "attributes").write_text("*.py filter=large diff=large\n")
    text = SETTINGS[setting].format(program=program, hooks=hooks, attributes=tmp_path / "attributes")
    (tmp_path / "config").write_text(f"{text}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))

    actual = {name: ask(changed.project) for name, ask in QUESTIONS.items()}

    assert actual == expected
    assert not mark.exists()
