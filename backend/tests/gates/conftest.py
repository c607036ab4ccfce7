import os
import shutil
from pathlib import Path

import pytest

from tests.gates.minimal import FILES
from tests.gates.twin import Twin, make_twin


@pytest.fixture(autouse=True)
def _no_foreign_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who runs the tests has variables that mean another repository, workflow or terminal."""
    foreign = ("GIT_", "GITHUB_", "PAU2_BASE", "PAU2_FINDINGS", "FORCE_COLOR", "TTY_")
    for name in [name for name in os.environ if name.startswith(foreign)]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository that `twin` copies: git takes longer to make one than a copy does."""
    return make_twin(tmp_path_factory.mktemp("template"), FILES).branch().root


@pytest.fixture
def twin(template: Path, tmp_path: Path) -> Twin:
    """A minimal project that every static gate lets pass, committed on main, on a branch of its own."""
    return Twin(shutil.copytree(template, tmp_path, dirs_exist_ok=True))
