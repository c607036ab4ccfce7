"""The published contract against the served one and the one published before."""

import json
from pathlib import Path

import pytest

from gates.contract.openapi import CONTRACT as PUBLISHED
from gates.contract.openapi import check, write_snapshot
from gates.model import GateError, Outcome
from tests.gates.support.sample_project import Part, SampleProject

CONTRACT = json.dumps(
    {
        "paths": {
            path: {"get": {"operationId": path, "responses": {"200": {}}}} for path in ("/news", "/events")
        }
    }
)
WITHOUT_EVENTS = json.dumps({"paths": {"/news": json.loads(CONTRACT)["paths"]["/news"]}})
SERVED = "backend/served.json"
PROGRAM = "import pathlib\nprint(pathlib.Path('served.json').read_text(), end='')\n"
DECISION = "docs/decisions/0002-no-events.md"
DECLARED = f"""[[contract-breaks]]
pointer = "/paths/~1events/get"
decision = "{DECISION}"
[routes.undocumented]"""


@pytest.fixture
def sample(tmp_path: Path) -> SampleProject:
    """A program that serves what is in a file, published as it was at the merge base."""
    files = {"backend/app/__main__.py": PROGRAM, SERVED: CONTRACT, PUBLISHED: CONTRACT}
    return SampleProject.build(tmp_path, Part(files, "[routes.undocumented]\n"), branch="change")


def messages(outcome: Outcome) -> list[str]:
    return [f"{finding.file}: {finding.message}" for finding in outcome.findings]


def test_passes_when_the_published_contract_is_served(sample: SampleProject) -> None:
    outcome = check(sample.project)
    assert messages(outcome) == []
    assert outcome.checked == 2
    assert outcome.note.startswith("2 operations, compared with main (")


def test_refuses_contract_when_it_is_stale_or_missing(sample: SampleProject) -> None:
    stale = [f"{PUBLISHED}: the published contract is not what the application serves"]
    assert messages(check(sample.write(PUBLISHED, CONTRACT + "\n").project)) == stale
    assert messages(check(sample.remove(PUBLISHED).project)) == stale


def test_passes_when_published_again(sample: SampleProject) -> None:
    sample.write(SERVED, CONTRACT.replace("/events", "/events").replace('"200"', '"201": {}, "200"'))
    assert check(sample.project).status == "failed"
    write_snapshot(sample.project)
    assert check(sample.project).status == "passed"


def test_passes_break_when_the_same_change_decides_it(sample: SampleProject) -> None:
    sample.write(SERVED, WITHOUT_EVENTS).write(PUBLISHED, WITHOUT_EVENTS)
    sample.rule("[routes.undocumented]", DECLARED).write(DECISION, "# 2. No events\n")
    assert messages(check(sample.project)) == []


def test_refuses_break_when_its_decision_is_missing_or_older(sample: SampleProject) -> None:
    sample.write(SERVED, WITHOUT_EVENTS).write(PUBLISHED, WITHOUT_EVENTS).rule(
        "[routes.undocumented]", DECLARED
    )
    assert check(sample.project).status == "failed"
    sample.git("switch", "--quiet", "--create", "older", "main")
    sample.write(DECISION, "# 2. No events\n").git("add", DECISION)
    sample.git("commit", "--quiet", "--message", "decide", "--", DECISION)
    sample.git("branch", "--force", "main")
    assert check(sample.project).status == "failed"


def test_says_so_when_nothing_was_published_before(sample: SampleProject) -> None:
    sample.git("switch", "--quiet", "main")
    sample.remove(PUBLISHED).commit()
    sample.git("switch", "--quiet", "--create", "first")
    sample.write(PUBLISHED, CONTRACT)
    assert check(sample.project).note == "2 operations, nothing published before"


def test_fails_when_the_application_does_not_start(sample: SampleProject) -> None:
    sample.write("backend/app/__main__.py", "raise SystemExit('no settings')\n")
    with pytest.raises(GateError, match="The application does not start: no settings"):
        check(sample.project)


def test_fails_when_the_application_serves_no_operation(sample: SampleProject) -> None:
    nothing = '{"paths": {}}'
    sample.write(SERVED, nothing).write(PUBLISHED, nothing).commit()
    sample.git("branch", "--force", "main")
    assert check(sample.project).status == "failed"
