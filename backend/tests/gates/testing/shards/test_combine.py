"""A sharded run has the verdict and the coverage of an unsharded one."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gates.model import GateError, Outcome, Project
from gates.testing.durations.history import SECONDS_FILE, read_seconds
from gates.testing.result_cache.store import FOLDER_VARIABLE
from gates.testing.runs import check_tests
from gates.testing.shards.results import FILE
from tests.gates.mutation.test_check import FILES, RULES
from tests.gates.support.sample_project import Part, SampleProject

COUNT = 2
SHOP = "backend/app/shop.py"
CODE = """RATE = 3


def price(amount):
    if amount > 9:
        return RATE
    if amount < 0:
        return 0
    return amount * RATE


def unused():
    return 1
"""
TESTS = """from app.shop import price


def test_large():
    assert price(10) == 3


def test_negative():
    assert price(-1) == 0


def test_small():
    assert price(2) == 6
"""
OTHERS = "from app.shop import RATE\n\n\ndef test_rate():\n    assert RATE == 3\n"
SHARDED = Part(
    FILES | {SHOP: CODE, "backend/tests/test_shop.py": TESTS, "backend/tests/test_rate.py": OTHERS}, RULES
)


@dataclass(frozen=True)
class ShardedRun:
    """A sample project, and how its runs remember results: each machine in a folder of its own."""

    sample: SampleProject
    use_folder: Callable[[str], None]

    def run(self, *arguments: str, machine: str = "desk") -> Outcome:
        self.use_folder(machine)
        return check_tests(Project(root=self.sample.root, arguments=arguments))

    def run_shards(self) -> "ShardedRun":
        """Run each shard on a machine of its own, and put what it leaves where one combines it."""
        for number in range(1, COUNT + 1):
            outcome = self.run("--whole", "--shard", f"{number}/{COUNT}", machine=f"machine-{number}")
            assert outcome.status != "failed"
            shutil.move(self.sample.root / "reports/shard", self.left_by(number))
        return self

    def combine(self) -> Outcome:
        self.use_folder("combined")
        return check_tests(Project(root=self.sample.root, arguments=["--combine"]))

    def left_by(self, number: int) -> Path:
        folder = self.sample.root / f"reports/shards/{number}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        return folder

    def rewrite(self, shard: int, **fields: object) -> None:
        """Change what a shard says about itself."""
        file = self.left_by(shard) / FILE
        file.write_text(json.dumps(json.loads(file.read_text()) | fields))

    def coverage(self) -> dict[str, Any]:
        report = self.sample.root / "reports/coverage/coverage.json"
        files: dict[str, Any] = json.loads(report.read_text())["files"]
        return files


@pytest.fixture
def sharded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShardedRun:
    def use_folder(name: str) -> None:
        monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path.with_name(f"{tmp_path.name}-{name}")))

    return ShardedRun(SampleProject.build(tmp_path, SHARDED), use_folder)


def messages(outcome: Outcome) -> str:
    return "\n".join(finding.message for finding in outcome.findings)


def test_covers_the_same_as_an_unsharded_run(sharded: ShardedRun) -> None:
    assert sharded.run("--whole").note == "4 tests"
    unsharded = sharded.coverage()
    shutil.rmtree(sharded.sample.root / "reports")
    sharded.run_shards()

    assert sharded.combine().note == "4 tests in 2 shards"
    verdict = sharded.run(machine="combined")

    assert (verdict.status, verdict.checked) == ("passed", 4)
    assert verdict.note.startswith("4 tests: 0 run, 4 unchanged")
    assert sharded.coverage() == unsharded
    assert unsharded["app/shop.py"]["summary"]["missing_lines"] == 1


def test_keeps_the_seconds_of_all_shards(sharded: ShardedRun) -> None:
    sharded.run_shards()
    file = sharded.sample.root / "reports" / SECONDS_FILE
    file.unlink(missing_ok=True)

    sharded.combine()

    assert len(read_seconds(file)) == 4


def test_refuses_when_no_shard_has_run(sharded: ShardedRun) -> None:
    assert messages(sharded.combine()) == "the shards are not complete: there are none"


def test_refuses_when_a_shard_is_missing(sharded: ShardedRun) -> None:
    sharded.run_shards()
    shutil.rmtree(sharded.left_by(1))

    assert messages(sharded.combine()) == "the shards are not complete: there are 2/2"
    assert sharded.run(machine="combined").note == "4 tests"


def test_refuses_when_a_shard_failed(sharded: ShardedRun) -> None:
    sharded.run_shards().rewrite(2, passed=False)

    assert messages(sharded.combine()) == "shard 2/2 failed"


def test_fails_in_the_shard_of_a_failing_test(sharded: ShardedRun) -> None:
    sharded.sample.replace("backend/tests/test_shop.py", "== 6", "== 7")

    states = [sharded.run("--whole", "--shard", f"{number}/{COUNT}", machine="m").status for number in (1, 2)]
    left = json.loads((sharded.sample.root / "reports/shard" / FILE).read_text())

    assert sorted(states) == ["failed", "passed"]
    assert left["passed"] is (states[1] == "passed")


def test_refuses_when_a_shard_ran_other_code(sharded: ShardedRun) -> None:
    sharded.run_shards()
    sharded.sample.append(SHOP, "\nMORE = 1\n")

    found = sharded.combine().findings

    assert {finding.file for finding in found} == {SHOP}
    assert messages(sharded.combine()).splitlines()[0] == "shard 1/2 ran on another content of this file"


def test_refuses_when_a_shard_ran_in_another_environment(sharded: ShardedRun) -> None:
    sharded.run_shards().rewrite(2, context="another Python")

    assert messages(sharded.combine()) == (
        "shard 2/2 ran with other libraries, another Python, or other variables"
    )


def test_refuses_when_a_test_ran_in_two_shards(sharded: ShardedRun) -> None:
    sharded.run_shards()
    shutil.rmtree(sharded.left_by(2))
    shutil.copytree(sharded.left_by(1), sharded.left_by(2))
    sharded.rewrite(2, number=2)

    assert " tests ran in several shards: tests/" in messages(sharded.combine())


def test_cannot_read_a_shard_when_its_file_is_damaged(sharded: ShardedRun) -> None:
    sharded.run_shards()
    (sharded.left_by(2) / FILE).write_text("{")

    with pytest.raises(GateError, match="The results of a shard cannot be read"):
        sharded.combine()


def test_cannot_combine_when_results_are_not_remembered(
    sharded: ShardedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "off")

    with pytest.raises(GateError, match="Results are not remembered here"):
        check_tests(Project(root=sharded.sample.root, arguments=["--combine"]))


def test_divides_tests_by_their_seconds(sharded: ShardedRun) -> None:
    seconds = {f"tests/test_shop.py::test_{name}": 1.0 for name in ("large", "negative", "small")}
    seconds["tests/test_rate.py::test_rate"] = 9.0
    reports = sharded.sample.root / "reports"
    reports.mkdir()
    (reports / SECONDS_FILE).write_text(json.dumps(seconds))

    assert sharded.run("--whole", "--shard", "1/2").note == "1 tests"


def test_runs_only_what_has_no_result_when_not_whole(sharded: ShardedRun) -> None:
    assert sharded.run("--whole").status == "passed"
    assert sharded.run("--shard", "1/1").skipped == "no test of this shard has to run"

    sharded.sample.replace("backend/tests/test_rate.py", "== 3", "== 3.0")

    assert sharded.run("--shard", "1/1").note == "1 tests"
    assert sharded.run("--shard", "2/2").skipped == "no test of this shard has to run"


def test_names_memory_when_a_remembered_test_fails(sharded: ShardedRun) -> None:
    """The file that the test reads lies outside of the checkout, so memory does not observe it."""
    outside = sharded.sample.root.with_name("outside.txt")
    outside.write_text("1")
    test = f"def test_outside():\n    assert Path({str(outside)!r}).read_text() == '1'\n"
    test = f"from pathlib import Path\n\n\n{test}"
    sharded.sample.write("backend/tests/test_outside.py", test)
    assert sharded.run().status == "passed"
    outside.write_text("2")

    assert sharded.run().status == "passed"
    for arguments in (["--whole"], ["--whole", "--shard", "1/1"]):
        found = sharded.run(*arguments).findings
        assert [finding.message.partition(":")[0] for finding in found] == [
            "test_outside",
            "memory held a valid result of this test, which fails",
        ]
