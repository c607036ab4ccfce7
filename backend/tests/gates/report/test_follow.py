"""Runs that are followed from their start to their end, with a small program in the place of nox."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from gates import __main__ as command_line
from gates.model import Finding, GateError, Outcome, Project
from gates.report.events import FOLDER_VARIABLE
from gates.report.follow import INTERRUPT_TIMEOUT, INTERRUPTED, follow_all, follow_session
from gates.report.processes import end_group, is_alive, start_group
from gates.report.session import main, run_followed
from tests.gates.support.followed import make_followed
from tests.gates.support.parts.coverage import COVERAGE, MeasuredProject
from tests.gates.support.sample_project import SampleProject

BACKEND = Path(__file__).resolve().parents[3]
BUSY = 2.5  # how much longer things take on a machine that is busy
SESSIONS = """
import os, sys
from pathlib import Path
sys.path.insert(0, {backend!r})
from gates.model import Finding, Outcome, Project
from gates.report.session import run_followed

FINDING = Finding(file="README.md", line=3, message="`teh` is not a word", fix="write `the`")

def refuse(project):
    print("a tool prints")
    return Outcome(findings=[FINDING])

def let_pass(project):
    return Outcome(checked=1, note="1 file")

project, folder = Project(root=Path({root!r})), Path(os.environ[{folder!r}])
checks = {{"spelling": refuse, "secrets": let_pass, "tests": let_pass}}
run_followed(project, "lint", checks, folder)
"""
ALL = SESSIONS + 'run_followed(project, "tests", checks, folder)\n'
BREAKS = SESSIONS + 'sys.exit("no room\\x1b[2J left on the disk")\n'
STUBBORN = """
import json, os, signal, subprocess, sys, time

def start(code, **options):
    code = "\\n".join(["import signal, time", code, "print(flush=True)", "time.sleep(600)"])
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, **options)
    child.stdout.readline()
    return child.pid

ignores = "for each in (signal.SIGINT, signal.SIGTERM): signal.signal(each, signal.SIG_IGN)"
pids = [os.getpid(), start(""), start(ignores), start(ignores, start_new_session=True)]
signal.signal(signal.SIGINT, lambda *_: None)
place = {place!r}
with open(place + ".part", "w") as file:
    json.dump({{"pids": pids, "at": time.monotonic()}}, file)
os.rename(place + ".part", place)
{interrupt}
while True:
    time.sleep(600)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_followed(tmp_path).project


def program(project: Project, code: str, **names: str) -> list[str]:
    """A command that stands for nox: it runs the sessions of the project."""
    names = {"backend": str(BACKEND), "root": str(project.root), "folder": FOLDER_VARIABLE} | names
    return [sys.executable, "-c", code.format(**names)]


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and is_alive(psutil.Process(pid))


def test_runs_the_default_sessions_when_the_command_is_all(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "ROOT", project.root)

    assert command_line.main(["all", *program(project, ALL)]) == 1
    assert "The change is refused: see the findings.\n" in capsys.readouterr().out


def test_prints_verdict_and_each_finding_once_when_all_gates_ran(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert follow_all(project, program(project, ALL)) == 1

    printed = capsys.readouterr().out
    assert printed.count("`teh` is not a word") == 1
    assert printed.startswith("0 s: 0 of 3 gates done; running: no gate yet\n")
    assert printed.splitlines()[-1] == "2 passed, 1 failed"
    assert "a tool prints" not in printed
    assert "a tool prints" in (project.reports / "logs/run-all.log").read_text()
    results = json.loads((project.reports / "gates.json").read_text())
    assert [(result["gate"], result["status"], len(result["findings"])) for result in results] == [
        ("spelling", "failed", 1),
        ("secrets", "passed", 0),
        ("tests", "passed", 0),
    ]


def test_names_the_log_of_pytest_when_its_gate_failed(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    log = "(project.reports / 'logs/{}.log').write_text('1 failed')\n"
    code = SESSIONS + log.format("spelling") + log.format("secrets")

    follow_all(project, program(project, code))

    printed = capsys.readouterr().out
    assert "The output of spelling: reports/logs/spelling.log\n" in printed
    assert "secrets.log" not in printed


def test_annotates_each_finding_once_when_in_a_workflow(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    follow_all(project, program(project, ALL))

    assert capsys.readouterr().out.count("::error file=README.md,line=3") == 1


def test_says_what_the_log_says_when_a_session_breaks_down(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert follow_all(project, program(project, BREAKS)) == 1

    printed = capsys.readouterr()
    assert r"no room\x1b[2J left on the disk" in printed.err
    assert "A session broke down. The end of reports/logs/run-all.log:" in printed.err
    assert "tests refuses (R12: Tests pass.)\n-: the gate did not run [R12 tests]" in printed.out
    assert printed.out.splitlines()[-1] == "1 passed, 2 failed"


def test_forgets_the_results_of_an_earlier_run_when_a_run_starts(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    follow_all(project, program(project, ALL))
    follow_all(project, program(project, "pass"))

    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 3 failed"


def test_ends_with_its_table_when_one_session_ran(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gates.report.follow.PYTHON_M", program(project, SESSIONS))
    project.backend.mkdir()

    assert follow_session(project, "lint") == 1

    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()[-3:]] == [
        ["failed", "spelling"],
        ["passed", "secrets"],
        ["1", "passed,"],
    ]


def test_reports_known_results_in_two_seconds_when_interrupted(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "started.json"
    code = SESSIONS + STUBBORN
    interrupt = "os.kill(os.getppid(), signal.SIGINT)"
    handler = signal.getsignal(signal.SIGINT)

    used = time.process_time()
    code_of_end = follow_all(project, program(project, code, place=str(place), interrupt=interrupt))
    used = time.process_time() - used
    ended = time.monotonic()

    started = json.loads(place.read_text())
    assert code_of_end == INTERRUPTED
    assert INTERRUPT_TIMEOUT + used < 2  # on a machine that has nothing else to do
    assert ended - started["at"] < BUSY * 2
    assert [pid for pid in started["pids"] if runs(pid)] == []
    *table, why, last = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in table[-4:]] == [
        ["result", "gate"],
        ["failed", "spelling"],
        ["passed", "secrets"],
        ["failed", "tests"],
    ]
    assert table[-1].endswith("did not run")
    assert why == "The run was interrupted: gates that did not end have failed."
    assert last == "1 passed, 2 failed"
    assert signal.getsignal(signal.SIGINT) == handler


def test_ends_with_its_table_when_one_session_is_interrupted(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupt = "os.kill(os.getppid(), signal.SIGTERM)"
    command = program(project, SESSIONS + STUBBORN, place=str(tmp_path / "started.json"), interrupt=interrupt)
    monkeypatch.setattr("gates.report.follow.PYTHON_M", command)
    project.backend.mkdir()

    assert follow_session(project, "lint") == INTERRUPTED
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 1 failed"


def test_outlives_the_terminal_when_its_end_is_ignored(project: Project) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        code = "import os, signal\nos.kill(os.getppid(), signal.SIGHUP)\n" + ALL

        assert follow_all(project, program(project, code)) == 1
    finally:
        signal.signal(signal.SIGHUP, before)


def test_prints_nothing_itself_when_it_is_followed(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "told"))

    assert command_line.run(project, "lint") == 1
    assert capsys.readouterr().out == ""
    assert (tmp_path / "told/lint/spelling.jsonl").exists()


def test_lets_pytest_print_when_it_is_given_arguments(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sample = MeasuredProject.build(tmp_path / "sample", COVERAGE, branch="change").rule(
        "[sessions]\n", '[sessions]\ntests = ["tests"]\n'
    )

    assert command_line.run(Project(root=sample.root, arguments=["tests/test_shop.py"]), "tests") == 0

    printed = capfd.readouterr().out
    assert "1 passed" in printed
    assert printed.splitlines()[-1].split()[:2] == ["passed", "tests"]


def test_ends_at_once_when_all_processes_end_as_asked(tmp_path: Path) -> None:
    child = start_group(
        [sys.executable, "-c", "import time; time.sleep(600)"], tmp_path, tmp_path / "log", os.environ
    )

    end_group(child.pid, timeout=60)
    child.wait()

    assert not runs(child.pid)


def test_does_nothing_when_the_process_is_gone(tmp_path: Path) -> None:
    child = start_group([sys.executable, "-c", ""], tmp_path, tmp_path / "log", os.environ)
    child.wait()

    end_group(child.pid, timeout=60)

    assert not runs(child.pid)


def test_saves_a_result_before_it_tells_that_the_gate_ended(project: Project, tmp_path: Path) -> None:
    code = run_followed(project, "tests", {}, tmp_path / "told")

    told = (tmp_path / "told/tests/tests.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in told] == ["started", "ended"]
    saved = json.loads((project.reports / "gates/tests.json").read_text())
    assert (code, saved["status"]) == (1, "failed")


@pytest.mark.parametrize(
    ("decisive", "types"),
    [
        (
            Outcome(findings=[Finding(file="", message="old data", fix="")]),
            ("skipped", "tests-unit refused first"),
        ),
        (Outcome(checked=1), ("failed", "")),
        (Outcome(skipped="no code is new"), ("failed", "")),
    ],
)
def test_push_starts_slow_gates_only_when_the_fast_one_passes(
    sample: SampleProject, tmp_path: Path, decisive: Outcome, types: tuple[str, str]
) -> None:
    sample.rule("[sessions]\n", '[sessions]\npush = ["types", "tests-unit"]\n')
    slow = Outcome(findings=[Finding(file="", message="a wrong type", fix="")])

    code = run_followed(
        sample.project,
        "push",
        {"types": lambda _: slow, "tests-unit": lambda _: decisive},
        tmp_path / "told",
    )

    saved = json.loads((sample.root / "reports/gates/types.json").read_text())
    assert (code, saved["status"], saved["note"]) == (1, *types)


def test_refuses_a_session_without_gates_when_it_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))

    with pytest.raises(GateError, match="gives the session 'poetry' no gates"):
        main(["poetry"])
