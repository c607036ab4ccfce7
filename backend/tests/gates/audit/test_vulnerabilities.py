import json
from subprocess import CompletedProcess

import pytest

from gates.audit import vulnerabilities
from gates.audit.vulnerabilities import check
from gates.model import Finding, GateError, Outcome, Project
from tests.gates.support import fake_audit_tools
from tests.gates.support.fake_audit_tools import FORGOTTEN, UNFIXED, VULNERABLE
from tests.gates.support.parts.application import lock
from tests.gates.support.sample_project import RULE_BOOK, SampleProject

RUNTIME, DEV, AUDIT = (f"backend/requirements/{name}.txt" for name in ("runtime", "dev", "audit"))
BILL = "reports/sbom.cdx.json lists 2 components"


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vulnerabilities, "_tool", fake_audit_tools.program)


def everything(sample: SampleProject) -> Outcome:
    return check(Project(root=sample.root, arguments=["all"]))


def declare(sample: SampleProject, package: str, known: str) -> None:
    entry = f'kind = "vulnerabilities"\npath = "{package}"\nrules = ["{known}"]\nreason = "no mended version"'
    sample.rule("[rules.R01]", f"[[exclusions]]\n{entry}\n[rules.R01]")


def test_says_that_nothing_was_audited_when_no_version_is_new(sample: SampleProject) -> None:
    outcome = check(sample.project)

    assert (outcome.status, outcome.checked) == ("skipped", 0)
    assert outcome.skipped.startswith("nothing to audit: no locked version is new since main (")
    assert outcome.skipped.endswith(f"); {BILL}")


def test_passes_when_nothing_is_known_of_the_new_versions(sample: SampleProject) -> None:
    sample.append(DEV, lock("attrs==1.0", "mypy==1.0"))

    assert check(sample.project) == Outcome(findings=[], checked=2, note=f"2 versions audited; {BILL}")


def test_refuses_a_version_once_when_two_locks_have_it(sample: SampleProject) -> None:
    for name in (RUNTIME, DEV):
        sample.replace(name, "fastapi==1.0", VULNERABLE)

    (finding,) = check(sample.project).findings

    assert finding == Finding(
        file=RUNTIME,
        line=1,
        message="production installs fastapi 0.9: CVE-1, GHSA-1: It answers anybody.",
        fix="upgrade it, fixed in 1.0: ./noxw -s lock -- --upgrade-package fastapi",
    )


def test_refuses_version_when_nothing_mends_it(sample: SampleProject) -> None:
    sample.replace(DEV, "ruff==1.0", UNFIXED)

    (finding,) = check(sample.project).findings

    assert finding == Finding(
        file=DEV,
        line=3,
        message="tests and tools installs ruff 0.9: PYSEC-2: It loops.",
        fix="no version fixes it yet: remove ruff, or declare PYSEC-2 in [[exclusions]], vulnerabilities",
    )


def test_refuses_merged_version_only_when_asked_about_all(sample: SampleProject) -> None:
    sample.replace(DEV, "ruff==1.0", UNFIXED).commit().git("branch", "--force", "main")

    assert check(sample.project).status == "skipped"
    assert [finding.line for finding in everything(sample).findings] == [3]


def test_looks_up_each_when_locks_have_two_versions(sample: SampleProject) -> None:
    sample.write(AUDIT, lock(UNFIXED, "ruff==0.8"))

    outcome = everything(sample)

    assert [(finding.file, finding.line) for finding in outcome.findings] == [(AUDIT, 1)]
    assert outcome.checked == 5


@pytest.mark.parametrize("known", ["CVE-1", "GHSA-1"])
def test_passes_when_the_vulnerability_is_declared(sample: SampleProject, known: str) -> None:
    sample.replace(RUNTIME, "fastapi==1.0", VULNERABLE)
    declare(sample, "fastapi", known)

    assert check(sample.project).status == "passed"
    assert everything(sample).status == "passed"


@pytest.mark.parametrize(("package", "known"), [("fastapi", "CVE-2"), ("starlette", "CVE-1")])
def test_refuses_version_when_something_else_is_declared(
    sample: SampleProject, package: str, known: str
) -> None:
    sample.replace(RUNTIME, "fastapi==1.0", VULNERABLE)
    declare(sample, package, known)

    assert [finding.file for finding in check(sample.project).findings] == [RUNTIME]
    assert [finding.file for finding in everything(sample).findings] == [RUNTIME, RULE_BOOK]


def test_fails_when_a_version_gets_no_answer(sample: SampleProject) -> None:
    sample.replace(DEV, "ruff==1.0", FORGOTTEN)

    with pytest.raises(GateError, match=r"Not audited: 1 of 1 versions, ruff==0\.1 among them"):
        check(sample.project)


def test_fails_when_the_service_cannot_be_reached(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(project: Project, name: str, *options: str) -> CompletedProcess[str]:
        if name == "cyclonedx-py":
            return fake_audit_tools.program(project, name, *options)
        return CompletedProcess([name], 1, "", "Traceback:\n  …\nConnectionError: nobody there\n")

    monkeypatch.setattr(vulnerabilities, "_tool", unreachable)

    with pytest.raises(GateError, match=r"Not audited: 3 of 3 .*\(ConnectionError: nobody there\)"):
        everything(sample)


def test_fails_when_the_list_of_components_cannot_be_made(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = CompletedProcess(["cyclonedx-py"], 1, "", "no such file\n")
    monkeypatch.setattr(vulnerabilities, "_tool", lambda *_: broken)

    with pytest.raises(GateError, match="cyclonedx-py could not run: no such file"):
        check(sample.project)


def test_leaves_a_list_of_components_without_addresses(sample: SampleProject) -> None:
    check(sample.project)

    text = (sample.root / "reports/sbom.cdx.json").read_text()
    assert [part["name"].split()[0] for part in json.loads(text)["components"]] == [
        "fastapi==1.0",
        "sqlalchemy==2.0",
    ]
    assert "https:" not in text


def test_runs_the_audit_s_own_programs_when_installed(
    sample: SampleProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    with pytest.raises(GateError, match=r"cyclonedx-py is missing: \./noxw -s audit installs it"):
        check(sample.project)

    said = '{"components": [], "metadata": {"tools": {"components": []}}}'
    sample.write(".audit/bin/cyclonedx-py", f"#!/bin/sh\necho '{said}'\n")
    (sample.root / ".audit/bin/cyclonedx-py").chmod(0o700)

    assert check(sample.project).skipped.endswith("lists 0 components")
