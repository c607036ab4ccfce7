"""The steps of a worker. tests/gates/mutation/test_check.py lets whole workers run."""

import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import NoReturn, cast

import psutil
import pytest
from hypothesis import Phase, settings

from gates.mutation import worker
from gates.mutation.plan import PLAN_VARIABLE, Plan, Task
from gates.mutation.worker import (
    EXIT_NOT_RUN,
    TEMPORARY_FOLDER_VARIABLE,
    Worker,
    import_mutated,
    patch_functions,
)

SHOP = """def double(price):
    return price * 2


def first(pair):
    return pair[0]


class Box:
    @property
    def full(self):
        return [item for item in (1, 2) if item < 2]


NUMBER = 1
"""
TIMES, IN_A_CLASS, NUMBER = 1, 5, 10  # numbers of mutants


class EndedError(Exception):
    """Instead of the end of the process."""


class Recorder:
    """Stands for pytest's manager of plugins."""

    def __init__(self) -> None:
        self.registered: list[object] = []

    def register(self, plugin: object) -> None:
        self.registered.append(plugin)


@pytest.fixture(autouse=True)
def _profile() -> Iterator[None]:
    """Other tests of this process look for the smallest failure again."""
    name = settings.get_current_profile_name()
    yield
    settings.load_profile(name)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (tmp_path / "shop_of_mutants.py").write_text(SHOP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shop_of_mutants", raising=False)
    return importlib.import_module("shop_of_mutants")


@pytest.fixture
def _ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(code: int) -> NoReturn:
        raise EndedError(code)

    monkeypatch.setattr(os, "_exit", end)


@pytest.fixture
def _as_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forks go on as the child, which is limited in nothing."""
    monkeypatch.setenv(TEMPORARY_FOLDER_VARIABLE, "")
    monkeypatch.setattr(os, "fork", lambda: 0)
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)


def path_of(shop: ModuleType) -> Path:
    return Path(shop.__file__ or "")


def make_worker(
    shop: ModuleType,
    *,
    number: int = TIMES,
    is_patchable: bool = True,
    parent_pid: int = 0,
    deadline: float | None = None,
) -> Worker:
    task = Task(
        file=str(path_of(shop)), number=number, is_patchable=is_patchable, tests={"b": 7, "a": 5, "a[1]": 6}
    )
    return Worker(
        Plan(
            parent_pid=parent_pid or os.getppid(),
            jobs=2,
            deadline=deadline,
            preload=["colorsys", "no.such.module"],
            results=str(path_of(shop).with_name("results")),
            tasks=[task],
        )
    )


def run(worker: Worker) -> Task | None:
    """Run all tasks of a worker."""
    return worker._run(worker._plan["tasks"])


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def results_of(shop: ModuleType) -> list[object]:
    """What the worker noted of the children that ended."""
    path = path_of(shop).with_name("results")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def make_session() -> pytest.Session:
    items = [SimpleNamespace(nodeid=name) for name in "abc"]
    return cast("pytest.Session", SimpleNamespace(items=items, config=SimpleNamespace(args=["tests"])))


def names(session: pytest.Session) -> list[str]:
    return [item.nodeid for item in session.items]


def test_patches_the_function_when_the_fault_is_in_its_body(shop: ModuleType) -> None:
    double, first = shop.double, shop.first.__code__

    assert (patch_functions(path_of(shop), TIMES), double(4)) == (1, 2)
    assert shop.first.__code__ is first


def test_changes_a_property_when_the_fault_is_in_its_body(shop: ModuleType) -> None:
    box = shop.Box()

    patch_functions(path_of(shop), IN_A_CLASS)

    assert box.full != [1]


def test_changes_no_function_when_the_fault_is_outside_of_them(shop: ModuleType) -> None:
    assert patch_functions(path_of(shop), NUMBER) == 0


def test_refuses_when_there_is_no_such_mutant(shop: ModuleType) -> None:
    with pytest.raises(LookupError, match="has no mutant 99"):
        patch_functions(path_of(shop), 99)


def test_imports_the_fault_when_the_module_was_imported_before(shop: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "other_of_mutants.py").write_text("A = 1\n")
    before = sorted(tmp_path.rglob("*"))
    with pytest.MonkeyPatch.context() as patch:
        import_mutated(path_of(shop), NUMBER, patch)

        assert importlib.import_module("shop_of_mutants").NUMBER == 2
        assert importlib.import_module("other_of_mutants").A == 1

    assert importlib.import_module("shop_of_mutants") is shop
    assert path_of(shop).read_text() == SHOP
    assert {path.name for path in {*tmp_path.rglob("*")} - {*before}} <= {
        "__pycache__",
        f"other_of_mutants.{sys.implementation.cache_tag}.pyc",
    }


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_notes_how_a_child_ended_and_its_last_test(shop: ModuleType) -> None:
    worker = make_worker(shop)
    if run(worker):
        worker.pytest_runtest_logstart("b")
        os._exit(3)

    assert results_of(shop) == [{"file": str(path_of(shop)), "number": TIMES, "code": 3, "test": "b"}]
    assert [*path_of(shop).with_name("results.tmp").iterdir()] == []


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_gives_each_child_its_own_temporary_folder(
    shop: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TEMPORARY_FOLDER_VARIABLE, "unchanged")
    if run(make_worker(shop)):
        (tmp_path / "seen").write_text(os.environ[TEMPORARY_FOLDER_VARIABLE])
        os._exit(0 if Path(os.environ[TEMPORARY_FOLDER_VARIABLE]).is_dir() else 1)

    seen = Path((tmp_path / "seen").read_text())
    assert (seen.parent, seen.exists()) == (path_of(shop).with_name("results.tmp"), False)
    assert os.environ[TEMPORARY_FOLDER_VARIABLE] == "unchanged"
    assert [cast("dict[str, int]", result)["code"] for result in results_of(shop)] == [0]


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_runs_as_many_children_as_jobs(shop: ModuleType) -> None:
    worker = make_worker(shop)
    plan = worker._plan
    ready, tell = os.pipe()
    tasks = [Task({**plan["tasks"][0], "number": number}) for number in range(2)]
    if task := worker._run(tasks):
        if task["number"]:
            os.write(tell, b"!")
        os._exit(0 if task["number"] or os.read(ready, 1) else 1)

    assert [cast("dict[str, int]", result)["code"] for result in results_of(shop)] == [0, 0]
    os.close(ready)
    os.close(tell)


@pytest.mark.usefixtures("_ends")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_ends_its_child_when_nobody_waits_for_the_result(shop: ModuleType) -> None:
    worker = make_worker(shop, parent_pid=1)
    before = children()

    def run_until_ended() -> None:
        if run(worker):
            signal.pause()

    with pytest.raises(EndedError, match=str(EXIT_NOT_RUN)):
        run_until_ended()

    assert children() == before
    assert results_of(shop) == []


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_ends_its_child_at_the_deadline(shop: ModuleType) -> None:
    worker = make_worker(shop, deadline=time.monotonic() + 0.2)
    before = children()
    if run(worker):
        signal.pause()

    assert children() == before
    assert results_of(shop) == []


def test_starts_no_child_after_the_deadline(shop: ModuleType) -> None:
    assert run(make_worker(shop, deadline=time.monotonic())) is None
    assert results_of(shop) == []


@pytest.mark.usefixtures("_ends", "_as_child")
def test_runs_a_mutant_s_tests_in_order_when_it_is_the_child(
    shop: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms: list[int] = []
    monkeypatch.setattr(signal, "alarm", alarms.append)
    worker, session = make_worker(shop), make_session()

    assert worker.pytest_runtestloop(session) is None
    for name in ("b", "a", "a[2]"):
        worker.pytest_runtest_logstart(name)
    with pytest.raises(EndedError, match="1"):
        worker.pytest_sessionfinish(1)

    assert (names(session), shop.double(4), alarms) == (["b", "a"], 2, [7, 5, 7])


@pytest.mark.usefixtures("_ends", "_as_child")
def test_says_that_it_did_not_run_when_no_function_has_the_fault(shop: ModuleType) -> None:
    with pytest.raises(EndedError, match=str(EXIT_NOT_RUN)):
        make_worker(shop, number=NUMBER).pytest_runtestloop(make_session())


@pytest.mark.usefixtures("_as_child")
def test_has_4_gib_when_it_is_the_child(shop: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[object] = []
    monkeypatch.setattr(resource, "setrlimit", lambda *limit: limits.append(limit))

    assert run(make_worker(shop))
    assert limits == [(resource.RLIMIT_DATA, (4 * 1024**3, 4 * 1024**3))]


@pytest.mark.usefixtures("_as_child")
def test_collects_only_a_mutant_s_tests_when_it_is_imported(
    shop: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[int] = []
    monkeypatch.setattr(worker, "import_mutated", lambda _, number, __: loaded.append(number))
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    plugin, session = make_worker(shop, number=NUMBER, is_patchable=False), make_session()

    plugin.pytest_load_initial_conftests()
    plugin.pytest_sessionstart(session)

    assert (loaded, session.config.args, "colorsys" in sys.modules) == (
        [NUMBER],
        ["b", "a", "a[1]"],
        True,
    )
    assert Phase.shrink not in settings().phases
    assert plugin.pytest_runtestloop(session) is None


@pytest.mark.usefixtures("_ends")
def test_ends_before_collection_when_no_mutant_is_left(
    shop: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = make_worker(shop, is_patchable=False)
    monkeypatch.setattr(worker, "_run", lambda _: None)

    with pytest.raises(EndedError, match="0"):
        worker.pytest_load_initial_conftests()


def test_is_no_obstacle_when_it_is_the_worker(shop: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, session = make_worker(shop), make_session()
    monkeypatch.setattr(worker, "_run", lambda _: None)

    worker.pytest_load_initial_conftests()
    worker.pytest_sessionstart(session)
    assert worker.pytest_runtestloop(session)
    worker.pytest_runtest_logstart("a")
    worker.pytest_sessionfinish(0)

    assert (names(session), session.config.args) == (["a", "b", "c"], ["tests"])


def test_takes_the_plan_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plan.json").write_text('{"results": "r"}')
    monkeypatch.setenv(PLAN_VARIABLE, str(tmp_path / "plan.json"))
    manager = Recorder()

    worker.pytest_addoption(cast("pytest.PytestPluginManager", manager))

    assert [type(plugin) for plugin in manager.registered] == [Worker]
