import os
from pathlib import Path

import pytest

from tests.gates.support import prepared_processes
from tests.gates.support.parts.application import MINIMAL
from tests.gates.support.sample_project import SampleProject


@pytest.fixture(autouse=True)
def _no_foreign_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset variables of the shell that name another repository, workflow or terminal."""
    foreign = ("GIT_", "GITHUB_", "PAU2_BASE", "PAU2_FINDINGS", "FORCE_COLOR", "TTY_")
    for name in [name for name in os.environ if name.startswith(foreign)]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _few_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pytest that a gate starts loads no more plugins than it needs: the others take seconds."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "xdist.plugin")
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "0")


@pytest.fixture(autouse=True)
def _prepared_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared_processes.use(monkeypatch)


@pytest.fixture
def sample(tmp_path: Path) -> SampleProject:
    """A minimal project that passes every static gate, committed on main and checked out on a branch."""
    return SampleProject.build(tmp_path, *MINIMAL, branch="change")
