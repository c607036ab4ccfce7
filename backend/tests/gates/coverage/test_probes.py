"""Probes count what coverage.py's tracer counts, in code that the formatter leaves as it is."""

import json
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import coverage
import pytest
from coverage import CoverageData

from gates.coverage.probes.cache import CodeCache
from gates.coverage.probes.importer import Executed, Measurement
from gates.coverage.probes.instrument import instrument
from gates.coverage.probes.plugin import WORKER_OUTPUT_KEY, Recorder, write_data
from tests.gates.support.coverage_sources import SOURCES

pytest_plugins = ["pytester"]


def report(data_file: Path, root: Path) -> dict[str, Any]:
    """Return coverage.py's report of the only file."""
    measured = coverage.Coverage(data_file=str(data_file), config_file=False, branch=True)
    measured.set_option("run:relative_files", True)
    measured.load()
    measured.json_report(outfile=str(root / "report.json"))
    files: dict[str, Any] = json.loads((root / "report.json").read_text())["files"]
    (entry,) = files.values()
    kinds = ("executed_lines", "missing_lines", "executed_branches", "missing_branches")
    return {kind: sorted(entry[kind]) for kind in kinds}


def traced(root: Path, package: str) -> None:
    """Run the package's module under coverage.py's tracer."""
    tracer = coverage.Coverage(
        data_file=str(root / "traced"), config_file=False, branch=True, source=[str(root / package)]
    )
    tracer.set_option("run:relative_files", True)
    with tracer.collect():
        import_module(package).run()
    tracer.save()


def probed(root: Path, package: str) -> Measurement:
    """Run the package's module with probes."""
    measurement = Measurement(root, (package,), CodeCache(root / "cache"))
    measurement.start()
    import_module(package).run()
    return measurement


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a package below the working folder that only this test imports."""
    name = "package_with_probes"
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_counts_what_the_tracer_counts(source: str, tmp_path: Path, package: str) -> None:
    (tmp_path / package / "__init__.py").write_text(source)
    traced(tmp_path, package)

    measurement = probed(tmp_path, package)
    write_data(tmp_path / "probed", {"": measurement.collect()}, [])

    assert report(tmp_path / "probed", tmp_path) == report(tmp_path / "traced", tmp_path)


def test_counts_nothing_twice_when_taken(tmp_path: Path, package: str) -> None:
    (tmp_path / package / "__init__.py").write_text("a = 1\n\n\ndef run():\n    return a\n")
    measurement = probed(tmp_path, package)
    name = f"{package}/__init__.py"

    assert measurement.collect() == {name: Executed(frozenset({1, 4, 5}), frozenset())}
    assert measurement.collect() == {}
    import_module(package).run()
    assert measurement.collect() == {name: Executed(frozenset({5}), frozenset())}


def test_adds_up_when_a_module_is_imported_again(
    tmp_path: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / package / "__init__.py").write_text("def run():\n    return 1\n")
    measurement = probed(tmp_path, package)
    first = import_module(package)
    measurement.collect()

    monkeypatch.delitem(sys.modules, package)
    assert import_module(package) is not first
    first.run()

    assert measurement.collect()[f"{package}/__init__.py"].lines == {1, 2}


def test_leaves_other_modules_alone(tmp_path: Path, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    (tmp_path / package / "__init__.py").write_text("import colorsys\n\nrun = dict\n")
    (tmp_path / package / "namespace").mkdir()

    measurement = probed(tmp_path, package)
    import_module(f"{package}.namespace")

    assert [*measurement.probes] == measurement.measured_files() == [f"{package}/__init__.py"]
    with pytest.raises(ModuleNotFoundError):
        import_module(f"{package}.missing")


def test_ignores_a_package_when_it_is_outside_the_root(tmp_path: Path, package: str) -> None:
    (tmp_path / package / "__init__.py").write_text("run = dict\n")

    measurement = Measurement(tmp_path / "root", (package,), CodeCache(tmp_path / "cache"))
    measurement.start()
    import_module(package)

    assert measurement.probes == {}


def test_credits_no_branch_when_a_block_is_on_its_header_line() -> None:
    _, probes = instrument("for n in range(9):\n    if n: break\n    print(n)\n")

    assert {arc for probe in probes for arc in probe.arcs} == {(1, 2), (1, -1)}


@pytest.mark.parametrize("suffix", [".json", ".pyc"])
def test_makes_code_again_when_the_cache_is_damaged(suffix: str, tmp_path: Path) -> None:
    cache, source = CodeCache(tmp_path / "cache"), b"a = 1\n"
    code, probes = cache.load(tmp_path / "a.py", source)
    (file,) = (tmp_path / "cache").glob(f"*{suffix}")
    file.write_bytes(file.read_bytes()[:8])

    assert cache.load(tmp_path / "a.py", source) == (code, probes)
    assert file.stat().st_size > 8


def test_keeps_one_version_of_a_module(tmp_path: Path) -> None:
    cache = CodeCache(tmp_path / "cache")

    for source in (b"a = 1\n", b"a = 2\n"):
        cache.load(tmp_path / "a.py", source)
    cache.load(tmp_path / "b.py", b"a = 1\n")

    assert len([*(tmp_path / "cache").iterdir()]) == 4


def test_adds_no_probe_when_a_module_is_empty() -> None:
    tree, probes = instrument("")

    assert (tree.body, probes) == ([], [])


def test_names_the_tests_that_ran_a_line(tmp_path: Path) -> None:
    ran = {"app/a.py": Executed(frozenset({3}), frozenset({(3, 4)}))}

    write_data(tmp_path / "data", {"": {}, "tests/test_a.py::test_a": ran}, ["app/a.py", "app/unseen.py"])

    data = CoverageData(str(tmp_path / "data"))
    data.read()
    assert data.measured_files() == {"app/a.py", "app/unseen.py"}
    assert data.contexts_by_lineno("app/a.py")[3] == ["tests/test_a.py::test_a"]


@pytest.mark.parametrize("workers", ["0", "1"])
def test_writes_what_each_test_ran_when_pytest_ends(workers: str, pytester: pytest.Pytester) -> None:
    pytester.mkpydir("shop").joinpath("price.py").write_text(
        "def price(n):\n    if n:\n        return 3 * n\n    return 0\n"
    )
    pytester.makepyfile(
        "from shop.price import price\n\n\n"
        "def test_some():\n    assert price(2) == 6\n\n\ndef test_none():\n    assert price(0) == 0\n"
    )

    places = [
        "--measure-data=out/data",
        "--measure-cache=cache",
        "--measure-by-test",
        "--import-mode=importlib",
    ]
    plugins = ["-p", "xdist.plugin", "-n", workers, "-p", "gates.coverage.probes.plugin", "--measure=shop"]
    result = pytester.runpytest_inprocess(*plugins, *places, "-o", "pythonpath=.")

    result.assert_outcomes(passed=2)
    data = CoverageData(str(pytester.path / "out/data"))
    data.read()
    (file,) = (name for name in data.measured_files() if name.endswith("price.py"))
    some, none = (next(c for c in data.measured_contexts() if c.endswith(end)) for end in ("some", "none"))
    lines = data.contexts_by_lineno(file)
    assert {line: {*lines[line]} for line in (1, 2, 3, 4)} == {1: {""}, 2: {some, none}, 3: {some}, 4: {none}}


@pytest.mark.parametrize(
    ("options", "written"),
    [([], False), (["--measure=shop", "--measure-data=data", "--measure-cache=c"], True)],
)
def test_measures_only_when_it_is_told_what(
    options: list[str], written: bool, pytester: pytest.Pytester
) -> None:
    pytester.mkpydir("shop")
    pytester.makepyfile("import shop\n\n\ndef test_it():\n    assert shop\n")

    plugin = ["-p", "gates.coverage.probes.plugin", "-o", "pythonpath=."]
    pytester.runpytest_inprocess(*plugin, *options).assert_outcomes(passed=1)

    assert (pytester.path / "data").exists() == written


def test_adds_nothing_when_a_worker_crashed(tmp_path: Path) -> None:
    recorder = Recorder(Measurement(tmp_path, (), CodeCache(tmp_path)), by_test=False)
    output: dict[str, object] = {}
    session: Any = SimpleNamespace(config=SimpleNamespace(workeroutput=output))

    recorder.pytest_testnodedown(object())
    recorder.pytest_testnodedown(SimpleNamespace(workeroutput={WORKER_OUTPUT_KEY: {"a": {}}}))
    recorder.pytest_sessionfinish(session)

    assert output == {WORKER_OUTPUT_KEY: {}}


def test_sends_what_ran_when_it_is_a_worker(tmp_path: Path, package: str) -> None:
    (tmp_path / package / "__init__.py").write_text("def run():\n    return 1\n")
    output: dict[str, object] = {}
    session: Any = SimpleNamespace(config=SimpleNamespace(workeroutput=output))

    Recorder(probed(tmp_path, package), by_test=False).pytest_sessionfinish(session)

    assert output[WORKER_OUTPUT_KEY] == {"": {f"{package}/__init__.py": ([1, 2], [])}}
