"""Sizes of the packages, for the page. No gate limits them: a budget for a package rewards dense code."""

from collections import Counter
from pathlib import PurePosixPath
from typing import NamedTuple

from gates.model import Project
from gates.repo.files import files, text


class PackageSize(NamedTuple):
    """The Python files and lines of a package, without those of the packages in it."""

    name: str
    files: int
    lines: int


def package_sizes(project: Project) -> list[PackageSize]:
    """Return the sizes of the measured packages, by name."""
    file_count: Counter[str] = Counter()
    line_count: Counter[str] = Counter()
    patterns = [f"backend/{folder}/*.py" for folder in project.rulebook["coverage"]["measured"]]
    for name in files(project, *patterns):
        package = PurePosixPath(name).parent.relative_to("backend").as_posix()
        file_count[package] += 1
        line_count[package] += text(project, name).count("\n")
    return [PackageSize(package, file_count[package], line_count[package]) for package in sorted(file_count)]
