"""Records of the observer, the caches and the recorder, each in the process of the test."""

import functools
import importlib
import json
import os
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, cast

import pytest

from gates.coverage.probes.cache import CodeCache
from gates.repo.process import STARTS_CHILD
from gates.testing.result_cache.caches import observe_caches
from gates.testing.result_cache.children import CHECKOUT, CODE
from gates.testing.result_cache.measurement import ObservedMeasurement
from gates.testing.result_cache.observer import Observed, Observer, _serves_imports
from gates.testing.result_cache.plugin import Recorder, observe_names

TESTS = """import pytest

@pytest.fixture(scope="module")
def shared():
    yield 1

@pytest.fixture
def own(shared):
    return shared

def test_passes(own, request):
    assert request.getfixturevalue("own") == 1

def test_fails():
    assert False

class TestGroup:
    @pytest.mark.xfail
    def test_expected_failure(self):
        assert False
"""


@pytest.fixture
def backend(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "checkout/backend"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def hits() -> dict[str, list[int]]:
    return {"app/news.py": [0, 0, 0]}


@pytest.fixture
def observer(hits: dict[str, list[int]], backend: Path) -> Observer:
    return Observer(hits, backend)


LISTENER = "pymp-x/listener"


def units_of(observer: Observer, event: str, *arguments: Any) -> set[str]:
    observed = Observed()
    with observer.observing(observed):
        observer._audit(event, arguments)
    return observed.units


def test_gives_probes_to_the_innermost_observation(observer: Observer, hits: dict[str, list[int]]) -> None:
    outer, inner = Observed(), Observed()
    with observer.observing(outer):
        hits["app/news.py"][0] = 1
        with observer.observing(inner):
            hits["app/news.py"][2] = 1

    assert outer.hits == {"backend/app/news.py": {0}}
    assert inner.hits == {"backend/app/news.py": {2}}
    assert hits == {"app/news.py": [0, 0, 0]}


def test_gives_probes_to_a_named_observation_when_it_is_flushed(
    observer: Observer, hits: dict[str, list[int]]
) -> None:
    hits["app/news.py"][1] = 1

    observer.flush(observer.keep("fixture x"))

    assert observer.kept["fixture x"].hits == {"backend/app/news.py": {1}}
    assert observer.current.hits == {}


def test_adds_all_parts_of_another_observation() -> None:
    observed = Observed(hits={"a": {1}})
    observed.add(
        Observed(hits={"a": {2}, "b": {3}}, units={"u"}, modules={"m"}, uses={"c"}, children={"1.2": {"t"}})
    )

    assert vars(observed) == {
        "hits": {"a": {1, 2}, "b": {3}},
        "units": {"u"},
        "modules": {"m"},
        "uses": {"c"},
        "children": {"1.2": {"t"}},
    }


@pytest.mark.parametrize(
    ("mode", "flags", "units"),
    [("r", os.O_RDONLY, {"file backend/a.txt"}), ("w", os.O_WRONLY, set()), ("a", os.O_RDWR, set())],
)
def test_notes_files_that_are_read(
    observer: Observer, backend: Path, mode: str, flags: int, units: set[str]
) -> None:
    assert units_of(observer, "open", str(backend / "a.txt"), mode, flags) == units


def test_notes_folders_that_are_listed(observer: Observer, backend: Path) -> None:
    assert units_of(observer, "os.listdir", str(backend)) == {"folder backend"}


@pytest.mark.parametrize("path", ["/elsewhere/a.txt", 3, None])
def test_ignores_what_is_not_in_the_checkout(observer: Observer, path: object) -> None:
    assert units_of(observer, "open", path, "r", os.O_RDONLY) == set()


def test_ignores_folders_without_sources(observer: Observer, backend: Path) -> None:
    assert units_of(observer, "open", str(backend.parent / "reports/a.txt"), "r", os.O_RDONLY) == set()


def test_depends_on_nothing_when_an_event_is_of_no_interest(observer: Observer, backend: Path) -> None:
    assert units_of(observer, "shutil.rmtree", str(backend), None) == set()


@pytest.mark.parametrize("event", ["os.fork", "os.forkpty"])
def test_depends_on_all_code_when_it_forks(observer: Observer, event: str) -> None:
    assert units_of(observer, event) == {CODE}


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("subprocess.Popen", ("git", ["git", "status"], None, None)),
        ("os.exec", ("git", ["git", "status"], {})),
        ("os.posix_spawn", ("git", ["git", "status"], {})),
        ("os.system", ("git status",)),
        ("subprocess.Popen", ("/bin/sh", ["/bin/sh", "-c", "cd .. && git status"], None, None)),
        (STARTS_CHILD, (["git", "status"], None, None)),
    ],
)
def test_depends_on_the_checkout_when_git_is_started_in_it(
    observer: Observer, backend: Path, monkeypatch: pytest.MonkeyPatch, event: str, arguments: tuple[Any, ...]
) -> None:
    monkeypatch.chdir(backend)

    assert CHECKOUT in units_of(observer, event, *arguments)


def test_depends_on_all_code_when_a_fork_server_is_used_directly(observer: Observer) -> None:
    assert units_of(observer, "socket.connect", None, LISTENER) == {CODE}


def test_trusts_an_announced_child_when_a_fork_server_is_asked(observer: Observer, tmp_path: Path) -> None:
    assert units_of(observer, STARTS_CHILD, ["/bin/true"], str(tmp_path), {}) == set()

    assert units_of(observer, "socket.connect", None, LISTENER) == set()


def test_notes_paths_that_are_looked_up(observer: Observer, backend: Path) -> None:
    observed = Observed()
    with observer.observing(observed):
        observer._noting(os.stat)(backend)

    assert observed.units == {"stat backend"}


def frames(*files: str) -> FrameType | None:
    """Return the innermost of frames of code in these files."""
    frame = None
    for file in reversed(files):
        frame = SimpleNamespace(f_code=SimpleNamespace(co_filename=file), f_back=frame)
    return cast("FrameType | None", frame)


@pytest.mark.parametrize(
    ("files", "serves_imports"),
    [
        ((os.__file__, "<frozen importlib._bootstrap>", "/a.py"), True),
        ((os.__file__, "/python/linecache.py", "/a.py"), True),
        (("/python/_pytest/assertion/rewrite.py",), True),
        ((os.__file__, "/a.py", "/python/linecache.py"), False),
        ((os.__file__,), False),
        ((), False),
    ],
)
def test_knows_code_that_reads_source_as_code(files: tuple[str, ...], serves_imports: bool) -> None:
    assert _serves_imports(frames(*files)) == serves_imports


def test_keeps_apart_what_fills_a_cache(
    observer: Observer, hits: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    observe_caches(observer, (__name__.partition(".")[0],), monkeypatch)

    @functools.cache
    def rate() -> int:
        hits["app/news.py"][0] = 1
        return 3

    key = f"cache {__name__}.{rate.__qualname__}"
    for _ in range(2):
        observed = Observed()
        with observer.observing(observed):
            assert rate() == 3
        assert (observed.uses, observed.hits) == ({key}, {})
    assert observer.kept[key].hits == {"backend/app/news.py": {0}}
    assert rate.cache_info().hits == 1


def test_leaves_caches_of_other_packages(observer: Observer, monkeypatch: pytest.MonkeyPatch) -> None:
    observe_caches(observer, ("other",), monkeypatch)

    bare = functools.lru_cache(lambda: 1)
    sized = functools.lru_cache(maxsize=2)(lambda: 2)

    assert (bare(), sized(), sized.cache_parameters()["maxsize"], observer.kept) == (1, 2, 2, {})


def test_records_modules_and_fixtures_when_requested_by_name(
    observer: Observer, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    observe_names(observer, monkeypatch)

    importlib.import_module("json")
    request.getfixturevalue("tmp_path")

    assert (observer.current.modules, observer.current.uses) == ({"json"}, {"fixture tmp_path"})


@pytest.mark.parametrize(
    ("module", "is_measured"),
    [
        ("app.news", True),
        ("tests.factories", True),
        ("tests.unit.test_news", False),
        ("tests.conftest", False),
    ],
)
def test_measures_what_tests_share(observer: Observer, backend: Path, module: str, is_measured: bool) -> None:
    measurement = ObservedMeasurement(
        backend, ("app", "tests"), cache=CodeCache(backend), hits={}, observer=observer
    )

    assert measurement.is_measured(module) == is_measured


def test_records_what_each_test_depends_on(observer: Observer, tmp_path: Path) -> None:
    file = tmp_path / "test_sample.py"
    file.write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", f"--rootdir={tmp_path}"]

    pytest.main(
        [*options, f"-c{tmp_path / 'pytest.ini'}", str(file)], plugins=[Recorder(observer, tmp_path / "data")]
    )

    recorded = json.loads((tmp_path / f"data/{os.getpid()}.json").read_text(encoding="utf-8"))
    outcomes = {result["name"]: result["passed"] for result in recorded["tests"].values()}
    assert outcomes == {"test_passes": True, "test_fails": False, "TestGroup.test_expected_failure": False}
    uses = recorded["tests"]["test_sample.py::test_passes"]["observed"]["uses"]
    assert {"fixture own", "fixture shared"} <= {*uses}
    assert recorded["collected"]["test_sample.py"][0] == "test_sample.py::test_passes"
    assert {"fixture shared", "file test_sample.py"} <= {*recorded["kept"]}
