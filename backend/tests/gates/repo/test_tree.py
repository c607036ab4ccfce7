"""The identity of the files: it follows their content, and nothing else."""

from gates.repo.tree import tree_of_commit, tree_of_files
from tests.gates.support.sample_project import SampleProject


def test_is_that_of_the_commit_when_edits_are_committed(sample: SampleProject) -> None:
    before = tree_of_files(sample.project)
    sample.write("README.md", "edited").write("docs/new.md", "new").remove("noxfile.py")
    (sample.root / "docs/link.md").symlink_to("new.md")
    edited = tree_of_files(sample.project)
    sample.commit()

    assert before != edited
    assert tree_of_files(sample.project) == edited
    assert tree_of_commit(sample.project, "HEAD") == edited
    assert tree_of_commit(sample.project, "main") == before


def test_stays_when_files_are_staged_touched_or_ignored(sample: SampleProject) -> None:
    sample.write("README.md", "edited")
    before = tree_of_files(sample.project)

    sample.git("add", "--all")
    (sample.root / "README.md").touch()
    sample.write("reports/index.html", "ignored")

    assert tree_of_files(sample.project) == before


def test_differs_when_a_file_is_renamed(sample: SampleProject) -> None:
    before = tree_of_files(sample.project)
    (sample.root / "README.md").rename(sample.root / "README.txt")

    assert tree_of_files(sample.project) != before
