"""The observation of a child, in the process of the test."""

import builtins
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from runpy import run_module

import pytest

from gates.coverage.probes.instrument import PROBES_VARIABLE
from gates.testing.result_cache.child_process import ChildObserver, observe_this_process
from gates.testing.result_cache.child_records import RecordWriter, read_child
from gates.testing.result_cache.children import CODE, OBSERVED, SEARCH_PATH, Child
from gates.testing.result_cache.measured_children import Children, Settings
from gates.testing.result_cache.observer import Observer

NAME = f"1-0.{os.getpid()}"


@pytest.fixture
def backend(tmp_path: Path) -> Path:
    """A checkout with the measured package `shop`."""
    folder = tmp_path.resolve() / "checkout/backend"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop/__init__.py").write_text("", encoding="utf-8")
    (folder / "shop/price.py").write_text("def price():\n    return 1\n", encoding="utf-8")
    (folder / "shop/__main__.py").write_text("TOTAL = 1\n", encoding="utf-8")
    (folder / "tests/plugins").mkdir(parents=True)
    (folder / "tests/plugins/extra.py").write_text("", encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path, backend: Path) -> Path:
    """The folder of the records."""
    settings = Settings(str(backend), ["shop"], str(tmp_path / "cache"))
    return Children.prepare(Observer({}, backend), tmp_path / "data", settings).folder


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[..., object]]]:
    """The audit hooks of an observation in this process, which ends with the test."""
    for owner, name in ((os, "stat"), (os, "lstat"), (subprocess.Popen, "__init__")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(builtins, PROBES_VARIABLE, [], raising=False)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    hooks: list[Callable[..., object]] = []
    monkeypatch.setattr(sys, "addaudithook", hooks.append)
    modules = {**sys.modules}
    yield hooks
    sys.modules.clear()
    sys.modules.update(modules)


def test_records_what_a_process_executes_from_its_start(
    hooks: list[Callable[..., object]], folder: Path, backend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OBSERVED, str(folder / "1-0"))
    monkeypatch.syspath_prepend(backend)

    observe_this_process()

    assert import_module("shop.price").price() == 1
    run_module("shop", run_name="__main__")
    with pytest.raises(ModuleNotFoundError):
        import_module("tests.plugins.no_such_plugin")
    record = read_child(folder, NAME, {CODE})
    assert len(hooks) == 1
    assert CODE not in record.units
    assert record.modules >= {"tests.plugins.no_such_plugin"}
    assert record.loaded == {
        "backend/shop/__init__.py": set(),
        "backend/shop/price.py": {0, 1},
        "backend/shop/__main__.py": {0},
    }


@pytest.fixture
def observer(folder: Path, backend: Path) -> ChildObserver:
    return ChildObserver(RecordWriter(folder, NAME), backend, ("shop",))


def test_notes_neither_forks_nor_measured_children(observer: ChildObserver, folder: Path) -> None:
    observer._audit("os.fork", ())
    observer.note_child("7-0.8", {"tree app"})

    assert read_child(folder, NAME, {CODE}).units == {"tree app"}


@pytest.mark.parametrize(
    ("kind", "path", "units"),
    [
        ("file", "backend/alembic/env.py", {"file backend/alembic/env.py"}),
        ("file", "backend/alembic/__pycache__/env.cpython-311.pyc", {"file backend/alembic/env.py"}),
        ("file", "backend/alembic/__pycache__/env.cpython-311-pytest-9.pyc", {"file backend/alembic/env.py"}),
        ("stat", "backend/alembic/env.py", set()),
        ("file", "backend/shop/__pycache__/price.cpython-311.pyc", set()),
        ("file", ".venv/lib/python3.11/site-packages/nox.py", set()),
    ],
)
def test_notes_imported_files_that_are_not_measured(
    observer: ChildObserver, kind: str, path: str, units: set[str]
) -> None:
    observer.note_import(kind, path)

    assert observer.outside.units == units


@pytest.mark.usefixtures("hooks")
def test_starts_python_so_that_it_observes_itself(
    observer: ChildObserver, folder: Path, backend: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(OBSERVED, raising=False)
    Children(observer, folder).measure()
    program = f"import os; print(os.environ['{OBSERVED}'], os.environ['{SEARCH_PATH}'])"

    started = subprocess.run(
        [sys.executable, "-c", program], cwd=backend, env={}, capture_output=True, text=True, check=False
    )

    assert started.stderr == ""
    token, search_path = started.stdout.split()
    assert Path(token).parent == folder
    assert search_path == str(folder / "site")
    assert observer.is_measured(Child([], environment={OBSERVED: token}))
    assert CODE not in read_child(folder, NAME, set()).units


@pytest.mark.usefixtures("hooks")
@pytest.mark.parametrize(
    ("command", "environment"),
    [(["true"], {}), ([sys.executable, "-c", "pass"], {OBSERVED: "/elsewhere/1-0"})],
    ids=["another program", "another observer"],
)
def test_leaves_alone_what_cannot_be_measured(
    observer: ChildObserver,
    folder: Path,
    backend: Path,
    command: list[str],
    environment: dict[str, str],
) -> None:
    Children(observer, folder).measure()

    subprocess.run(command, cwd=backend, env=environment, check=True)

    assert observer.starts == set()
