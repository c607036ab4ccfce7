"""The versions that a change adds, removes or replaces, and their licences."""

from email.message import Message
from importlib.metadata import PackageMetadata
from typing import cast

import pytest

from gates.report.pull_request.dependency_changes import (
    UNKNOWN,
    DependencyChange,
    dependency_changes,
    licence,
)
from tests.gates.support.parts.application import installed, lock
from tests.gates.support.sample_project import SampleProject

RUNTIME = "backend/requirements/runtime.txt"
DEV = "backend/requirements/dev.txt"


def test_is_empty_when_the_locks_are_the_same(sample: SampleProject) -> None:
    assert dependency_changes(sample.project) == []


def test_lists_versions_licences_and_users_when_locks_change(sample: SampleProject) -> None:
    sample.write(RUNTIME, lock("fastapi==1.1", "idna==3.0"))
    sample.write(DEV, lock("fastapi==1.1", "idna==3.0", "ruff==1.0"))
    for path, text in installed("fastapi==1.1").items():
        sample.write(path, f"{text}License-Expression: MIT\n")

    assert dependency_changes(sample.project) == [
        DependencyChange(
            name="fastapi",
            before=["1.0"],
            after=["1.1"],
            licence="MIT",
            direct=True,
            used_by=["production", "tests and tools"],
        ),
        DependencyChange(
            name="idna",
            before=[],
            after=["3.0"],
            licence=UNKNOWN,
            direct=False,
            used_by=["production", "tests and tools"],
        ),
        DependencyChange(
            name="sqlalchemy",
            before=["2.0"],
            after=[],
            licence="",
            direct=True,
            used_by=["production", "tests and tools"],
        ),
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([("License-Expression", "MIT"), ("License", "BSD")], "MIT"),
        ([("Classifier", "License :: OSI Approved :: MIT License"), ("License", "text")], "MIT License"),
        ([("Classifier", "Topic :: Software"), ("License", " BSD-3-Clause ")], "BSD-3-Clause"),
        ([("License", "All rights\nreserved")], "not stated"),
        ([("License", "x" * 61)], "not stated"),
        ([], "not stated"),
    ],
)
def test_reads_the_licence_where_metadata_state_it(lines: list[tuple[str, str]], expected: str) -> None:
    facts = Message()
    for name, value in lines:
        facts.add_header(name, value)

    assert licence(cast("PackageMetadata", facts)) == expected
