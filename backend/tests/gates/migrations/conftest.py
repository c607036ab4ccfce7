"""A project with one revision, whose tests share one Alembic process."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gates.migrations.alembic_process import alembic_runner
from gates.model import Project
from tests.gates.support import prepared_processes
from tests.gates.support.parts.migrations import MIGRATIONS
from tests.gates.support.sample_project import SampleProject


@pytest.fixture(scope="session")
def alembic_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One folder for all tests: the process belongs to the folder."""
    root = tmp_path_factory.mktemp("migrations")
    (root / "backend").mkdir()
    with ExitStack() as stack:
        with prepared_processes.prepared():
            stack.enter_context(alembic_runner(Project(root=root)))
        yield root


@pytest.fixture
def migrations_sample(alembic_folder: Path) -> SampleProject:
    """A fresh project in the shared folder."""
    # With the bytecode: Python compares its age in whole seconds.
    shutil.rmtree(alembic_folder / "backend/alembic", ignore_errors=True)
    return SampleProject.build(alembic_folder, MIGRATIONS, repository=False)
