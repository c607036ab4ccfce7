from collections.abc import Callable
from pathlib import Path

import pytest

from gates.model import GateError, Project
from gates.repo.git import changed_lines, changed_paths, content_at, merge_base
from tests.gates.support.sample_project import Part, SampleProject

Prepare = Callable[[SampleProject], object]


@pytest.fixture
def sample(tmp_path: Path) -> SampleProject:
    return SampleProject.build(
        tmp_path / "sample", Part({"app/a.py": "one\ntwo\nthree\n", "app/b.py": "four\n"})
    )


def first(sample: SampleProject) -> str:
    return sample.git("rev-list", "--max-parents=0", "HEAD")


def test_compares_with_main_when_there_is_no_remote(sample: SampleProject) -> None:
    sample.branch().commit()

    base = merge_base(sample.project)

    assert (base.commit, base.how, str(base)) == (first(sample), "main", f"main ({first(sample)[:9]})")


def test_compares_with_the_fork_when_main_went_on(sample: SampleProject) -> None:
    sample.branch("change").git("switch", "--quiet", "main")
    sample.write("app/c.py").commit()
    sample.git("switch", "--quiet", "change")

    assert merge_base(sample.project).commit == first(sample)


@pytest.mark.parametrize("default", ["main", "trunk"])
def test_compares_with_default_branch_of_origin_when_it_exists(tmp_path: Path, default: str) -> None:
    origin = SampleProject.build(tmp_path / "origin", Part({"a.py": ""}))
    origin.git("branch", "--move", default)
    origin.git("clone", "--quiet", str(origin.root), str(tmp_path / "clone"))
    clone = SampleProject(tmp_path / "clone")
    clone.write("b.py").commit()

    base = merge_base(clone.project)

    assert (base.commit, base.how) == (first(clone), f"origin/{default}")


def renamed(folder: Path, old: str, new: str, *fetch: str) -> SampleProject:
    """Clone a repository whose default branch is then renamed and goes on, and fetch that."""
    origin = SampleProject.build(folder / "origin", Part({"a.py": ""}))
    origin.git("branch", "--move", old)
    origin.git("clone", "--quiet", str(origin.root), str(folder / "clone"))
    clone = SampleProject(folder / "clone")
    origin.git("branch", "--move", new)
    origin.write("b.py").commit()
    clone.git("fetch", "--quiet", *fetch)
    return clone


RENAMED: dict[str, tuple[str, str, list[str]]] = {
    "origin/HEAD names a branch that is gone": ("master", "main", ["--prune"]),
    "origin/HEAD names a branch that stays behind": ("master", "main", []),
    "the only branch of origin has another name": ("master", "trunk", ["--prune"]),
}


@pytest.mark.parametrize("case", RENAMED)
def test_compares_with_the_new_default_branch_when(tmp_path: Path, case: str) -> None:
    old, new, options = RENAMED[case]
    clone = renamed(tmp_path, old, new, *options)
    clone.git("branch", "main") if new != "main" else clone.git("branch", "--move", "main")
    clone.git("switch", "--quiet", "--create", "change", f"origin/{new}")

    base = merge_base(clone.project)

    assert (base.how, base.commit) == (f"origin/{new}", clone.git("rev-parse", f"origin/{new}"))
    assert changed_paths(clone.project, base) == set()


def test_compares_with_the_default_branch_when_main_is_behind_it(tmp_path: Path) -> None:
    """A release branch that is called main is no renamed default branch."""
    origin = SampleProject.build(tmp_path / "origin", Part({"a.py": ""}))
    origin.branch("develop").write("b.py").commit()
    origin.git("clone", "--quiet", str(origin.root), str(tmp_path / "clone"))

    assert merge_base(Project(root=tmp_path / "clone")).how == "origin/develop"


def test_cannot_compare_when_default_branch_is_unknown(tmp_path: Path) -> None:
    origin = SampleProject.build(tmp_path / "origin", Part({"a.py": ""}))
    origin.git("branch", "--move", "trunk")
    origin.git("branch", "other")
    origin.git("clone", "--quiet", str(origin.root), str(tmp_path / "clone"))
    clone = SampleProject(tmp_path / "clone")
    clone.git("remote", "set-head", "origin", "--delete")

    with pytest.raises(GateError, match="run `git remote set-head origin --auto`"):
        merge_base(clone.project)


@pytest.mark.parametrize("named", ["HEAD^1", "HEAD~1"])
def test_compares_with_the_named_commit_when_the_variable_is_set(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    sample.write("app/c.py").commit()
    monkeypatch.setenv("PAU2_BASE", named)

    base = merge_base(sample.project)

    assert (base.commit, base.how) == (first(sample), "PAU2_BASE")


@pytest.mark.parametrize("named", ["", "0" * 40])
def test_compares_with_main_when_the_variable_names_nothing(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("PAU2_BASE", named)

    assert merge_base(sample.project).how == "main"


def test_ignores_the_repository_that_a_hook_names(
    sample: SampleProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))

    assert merge_base(sample.project).commit == first(sample)


CANNOT: dict[str, tuple[Prepare, str]] = {
    "main is missing": (
        lambda sample: sample.git("branch", "--move", "other"),
        "neither origin/main nor main",
    ),
    "histories have nothing in common": (
        lambda sample: sample.git("switch", "--quiet", "--orphan", "other") + str(sample.commit()),
        "HEAD and main have no commit in common: rebase",
    ),
    "there are no commits": (
        lambda sample: sample.git("switch", "--quiet", "--orphan", "x"),
        "has no commits",
    ),
    "there is no repository": (
        lambda sample: (sample.root / ".git").rename(sample.root / "git"),
        "not a git repo",
    ),
}


@pytest.mark.parametrize("case", CANNOT)
def test_cannot_compare_when(sample: SampleProject, case: str) -> None:
    prepare, message = CANNOT[case]
    prepare(sample)

    with pytest.raises(GateError, match=message):
        merge_base(sample.project)


def test_cannot_compare_when_the_named_commit_is_missing(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAU2_BASE", "1234567")

    with pytest.raises(GateError, match="PAU2_BASE=1234567 names no commit of this clone"):
        merge_base(sample.project)


def test_cannot_compare_when_the_clone_is_shallow(sample: SampleProject, tmp_path: Path) -> None:
    sample.write("app/c.py").commit()
    sample.git("clone", "--quiet", "--depth=1", sample.root.as_uri(), str(tmp_path / "clone"))

    with pytest.raises(GateError, match=r"shallow .* run `git fetch --unshallow`"):
        merge_base(Project(root=tmp_path / "clone"))


EDITS: dict[str, tuple[Prepare, dict[str, set[int]]]] = {
    "nothing": (lambda sample: sample, {}),
    "an edited line": (lambda sample: sample.replace("app/a.py", "two", "2"), {"app/a.py": {2}}),
    "an added line": (lambda sample: sample.replace("app/a.py", "two", "two\n2"), {"app/a.py": {3}}),
    "a deleted line": (lambda sample: sample.replace("app/a.py", "two\n", ""), {}),
    "a deleted file": (lambda sample: sample.remove("app/a.py"), {}),
    "an untracked file": (lambda sample: sample.write("app/c.py", "one\ntwo"), {"app/c.py": {1, 2}}),
    "an untracked file elsewhere": (lambda sample: sample.write("docs/c.py", "one"), {}),
    "a renamed file": (lambda sample: sample.git("mv", "app/a.py", "app/c.py"), {}),
    "a renamed and edited file": (
        lambda sample: sample.git("mv", "app/a.py", "app/c.py") + str(sample.replace("app/c.py", "two", "2")),
        {"app/c.py": {2}},
    ),
    "a line that looks like a header": (
        lambda sample: sample.replace("app/a.py", "two", "++ b/app/b.py\n+++ b/app/b.py"),
        {"app/a.py": {2, 3}},
    ),
    "a name with a space": (
        lambda sample: sample.write("app/c d.py", "one\n").git("add", "--all"),
        {"app/c d.py": {1}},
    ),
    "a name that is not ASCII": (
        lambda sample: sample.write("app/ñ.py", "one\n").git("add", "--all"),
        {"app/ñ.py": {1}},
    ),
    "a file without an end of line": (lambda sample: sample.write("app/b.py", "five"), {"app/b.py": {1}}),
}


@pytest.mark.parametrize("case", EDITS)
@pytest.mark.parametrize("state", ["in the work tree", "committed"])
def test_lists_changed_lines_of(sample: SampleProject, case: str, state: str) -> None:
    edit, expected = EDITS[case]
    edit(sample.branch())
    if state == "committed":
        sample.commit()

    assert changed_lines(sample.project, merge_base(sample.project), "app") == expected


def test_refuses_file_name_when_a_diff_cannot_say_it(sample: SampleProject) -> None:
    sample.write('app/a".py', "one\n").commit()
    sample.branch().write('app/a".py', "two\n")

    with pytest.raises(GateError, match="rename the file"):
        changed_lines(sample.project, merge_base(sample.project), "app")


def test_lists_both_names_when_a_file_is_renamed(sample: SampleProject) -> None:
    sample.branch().git("mv", "app/a.py", "app/c.py")
    sample.remove("app/b.py").write("docs/d.md")

    assert changed_paths(sample.project, merge_base(sample.project)) == {
        "app/a.py",
        "app/b.py",
        "app/c.py",
        "docs/d.md",
    }


def test_reads_a_file_as_it_was_when_it_changed_since(sample: SampleProject) -> None:
    base = merge_base(sample.write("app/b.py", "five\n").project)

    assert content_at(sample.project, base.commit, "app/b.py") == "four\n"
    assert content_at(sample.project, base.commit, "app/c.py") is None
