"""Fixtures of every test. Those of the application load with the first test outside tests/gates."""

import gc
import os
import signal
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

pytest.register_assert_rewrite("tests.plugins")
pytest_plugins = ["tests.plugins.database", "tests.plugins.dev_server"]

GATES = Path(__file__).parent / "gates"
UNIT_TESTS = Path(__file__).parent / "unit"


def choose_temporary_folder() -> None:
    """Use a temporary folder that allows execution: some systems mount TMPDIR with noexec."""
    with NamedTemporaryFile() as program:
        Path(program.name).chmod(0o700)
        if not os.access(program.name, os.X_OK):
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(Path("/", "var", "tmp")))


choose_temporary_folder()
os.environ["PAU2_RESULT_CACHE"] = "off"  # tests that run tests share nothing with other runs
gc.disable()  # imports and collection leave a million live objects, and traversing them takes a second


@pytest.fixture(scope="session", autouse=True)
def _collect_garbage_of_tests() -> None:
    """Exclude the objects that exist before the tests from garbage collection."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _usual_signals() -> None:
    """Restore default signal handlers: `nohup` and background jobs ignore signals, and child processes
    inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> None:
    """Load the application's fixtures late, since importing the application takes longer than most tests of
    gates.
    """
    if module_path.is_relative_to(UNIT_TESTS):
        parent.config.pluginmanager.import_plugin("tests.plugins.common")
    elif not module_path.is_relative_to(GATES):
        parent.config.pluginmanager.import_plugin("tests.plugins.application")
