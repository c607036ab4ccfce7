import json

import pytest

from gates.lint.workflows import check
from gates.model import Finding, GateError
from tests.gates.cases.runner import cache_tool_runs
from tests.gates.support.sample_project import SampleProject

WORKFLOW = ".github/workflows/ci.yml"
CI = """name: CI
on:
  pull_request:
permissions: {}
concurrency:
  group: ci
  cancel-in-progress: true
jobs:
  gates:
    name: Gates
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - run: ./noxw
  required:
    name: Required
    if: always()
    needs: [gates]
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: test "$RESULTS" = "success"
        env:
          RESULTS: ${{ join(needs.*.result, ' ') }}
"""
HOOKS = """repos:
  - repo: local
    hooks:
      - id: commit
        name: gates
        entry: ./noxw -s lint
        language: unsupported
"""
DEVCONTAINER, DOCKERFILE = ".devcontainer/devcontainer.json", ".devcontainer/Dockerfile"
COMPOSE, HOOK_FILE = ".devcontainer/compose.yaml", ".pre-commit-config.yaml"
PRODUCTION, IMAGE = "compose.production.yaml", "deploy/Dockerfile"
SERVICE = """services:
  postgres:
    image: postgres:16
    user: postgres
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    restart: unless-stopped
    healthcheck: {disable: true}
    logging: {driver: local}
    deploy: {resources: {limits: {memory: 1g}}}
    volumes: ["data:/var/lib/postgresql"]
"""
CONFIG = {"remoteUser": "developer", "postCreateCommand": "./noxw -s hooks"}


@pytest.fixture(autouse=True)
def _asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cache_tool_runs(monkeypatch)


@pytest.fixture
def clean(sample: SampleProject) -> SampleProject:
    """The sample project with a workflow, a container and a hook that pass the gate."""
    sample.write(WORKFLOW, CI).write(HOOK_FILE, HOOKS)
    sample.write(COMPOSE, "services:\n  postgres:\n    image: postgres:16\n")
    sample.write(DEVCONTAINER, json.dumps(CONFIG))
    return sample.write(DOCKERFILE, "FROM debian:bookworm-slim\nRUN useradd developer\nUSER developer\n")


def only(sample: SampleProject) -> Finding:
    """Return the one finding, of the gate's whole output."""
    (finding,) = check(sample.project).findings
    return finding


def test_passes_when_files_are_in_order(clean: SampleProject) -> None:
    outcome = check(clean.project)

    assert (outcome.findings, outcome.checked) == ([], 5)


def test_passes_a_command_when_its_arguments_can_be_typed(clean: SampleProject) -> None:
    command = '      - run: ./noxw -s tests -- --whole --shard "$PAU2_SHARD"\n'
    clean.replace(WORKFLOW, "run: ./noxw\n", f"run: ./noxw\n{command}")

    assert check(clean.project).findings == []


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (WORKFLOW, "runs-on", "run-on", "jobs.gates is not what the schema github-workflows allows"),
        (COMPOSE, "image:", "picture:", "services.postgres is not what the schema compose-spec allows"),
        (WORKFLOW, "permissions: {}", "permissions: write-all", "excessive-permissions"),
        (WORKFLOW, "run: ./noxw", "run: ./noxw ${{ github.event.pull_request.title }}", "template-injection"),
        (
            WORKFLOW,
            "  pull_request:",
            "  pull_request_target: # zizmor: ignore[dangerous-triggers]",
            "dangerous",
        ),
        (WORKFLOW, "    timeout-minutes: 5\n", "", "required has no timeout-minutes"),
        (WORKFLOW, "permissions: {}\n", "", "the workflow does not drop the default permissions"),
        (WORKFLOW, "    steps:\n", "    permissions: {contents: write}\n    steps:\n", "gates may write"),
        (
            WORKFLOW,
            "run: ./noxw",
            "run: cd backend && python -m pytest",
            "runs a command that cannot be run locally",
        ),
        (
            WORKFLOW,
            "run: ./noxw",
            "run: |\n          ./noxw\n          exit 0",
            "runs a command that cannot be run locally",
        ),
        *(
            (WORKFLOW, "run: ./noxw", f"run: ./noxw -s tests -- {argument}", "cannot be run locally")
            for argument in ("$SHARD", "$(id)", "a; id", "a | id", '"$SHARD"; id')
        ),
        (WORKFLOW, "ubuntu-24.04", "ubuntu-latest", "gates runs on an image that changes without notice"),
        (WORKFLOW, "ubuntu-24.04", "self-hosted", "gates runs on an image that changes without notice"),
        (DOCKERFILE, "debian:bookworm-slim", "debian", "an image without a version"),
        (DOCKERFILE, "USER developer\n", "USER developer\nUSER root\n", "runs as root"),
        (DOCKERFILE, "RUN useradd", "RUN pip install sqlmodel && useradd", "installs what no lock holds"),
        (COMPOSE, "postgres:16", "postgres", "an image without a version"),
        (DOCKERFILE, "USER developer\n", "USER 00:0\n", "runs as root"),
        (COMPOSE, "image:", "cap_add: [SYS_ADMIN]\n    image:", "postgres has cap_add"),
        (COMPOSE, "image:", "user: root\n    image:", "postgres has user"),
        (COMPOSE, "image:", "ports: ['5432:5432']\n    image:", "postgres has ports"),
        (COMPOSE, "image:", "volumes: [~/.ssh:/keys]\n    image:", "postgres has ~/.ssh:/keys"),
        (COMPOSE, "image:", "volumes: [/var/run/docker.sock:/s]\n    image:", "has /var/run/docker.sock:/s"),
        (DEVCONTAINER, "{", '{"mounts": [], ', "mounts may give the container the machine"),
        (DEVCONTAINER, "{", '{"runArgs": ["--privileged"], ', "runArgs may give the container"),
        (DEVCONTAINER, "{", '{"initializeCommand": "x", ', "initializeCommand may give the container"),
        (DEVCONTAINER, "./noxw -s hooks", "./noxw -s hooks || true", "does not prepare the gates"),
        (DEVCONTAINER, "developer", "root", "remoteUser is root"),
        (DEVCONTAINER, "{", '{"onCreateCommand": "sudo chown me . && x", ', "more than change the owners"),
        (DEVCONTAINER, "{", '{"updateContentCommand": "pip install x", ', "installs what ./noxw does not"),
        (DEVCONTAINER, "{", '{"updateRemoteUserUID": false, ', "do not belong to the developer"),
        (DEVCONTAINER, "{", "{,", "not valid JSON"),
        (HOOK_FILE, "repo: local", "repo: https://github.com/x/y\n    rev: v1", "is not a nox session"),
        (HOOK_FILE, "entry: ./noxw -s lint", "entry: ./noxw -s lint || true", "is not a nox session"),
        (HOOK_FILE, "id: commit", "ids: commit", "id"),
    ],
)
def test_refuses_file_when_it_breaks_a_rule(
    clean: SampleProject, file: str, old: str, new: str, message: str
) -> None:
    clean.replace(file, old, new)

    found = [finding for finding in check(clean.project).findings if message in finding.message]

    assert {finding.file for finding in found} == {file}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("needs: [gates]", "needs: [required]"),
        (
            "  required:",
            "  more:\n    runs-on: x\n    timeout-minutes: 1\n    steps: [{run: x}]\n  required:",
        ),
        ("  required:", "  last:"),
    ],
)
def test_refuses_workflow_when_one_job_does_not_stand_for_all(
    clean: SampleProject, old: str, new: str
) -> None:
    clean.replace(WORKFLOW, old, new)

    messages = [finding.message for finding in check(clean.project).findings]

    assert any("the job 'required' must need all that judge" in message for message in messages)


SCHEDULE = "  schedule:\n    - cron: '1 2 * * *'\n  workflow_dispatch:\n"
NIGHTLY = (
    CI[: CI.index("  required:")].replace("  pull_request:\n", SCHEDULE).replace("group: ci", "group: night")
)


def test_passes_when_nothing_waits_for_what_a_schedule_starts(clean: SampleProject) -> None:
    clean.write(".github/workflows/night.yml", NIGHTLY)

    assert check(clean.project).findings == []


def test_refuses_other_workflow_when_its_job_has_another_name(clean: SampleProject) -> None:
    night = NIGHTLY.replace(SCHEDULE, f"  pull_request:\n{SCHEDULE}").replace("  gates:", "  more:")
    clean.write(".github/workflows/night.yml", night)

    assert "the job 'required' must need all that judge" in only(clean).message


def test_refuses_workflow_when_only_a_schedule_runs_every_gate(clean: SampleProject) -> None:
    clean.replace(WORKFLOW, "run: ./noxw", "run: ./noxw -s lint").write(
        ".github/workflows/night.yml", NIGHTLY
    )

    assert only(clean).message == "no job runs every gate"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('test "$RESULTS" = "success"', 'test "$RESULTS" != failure'),
        ("${{ join(needs.*.result, ' ') }}", "success"),
        ("    steps:\n      - run: test", "    steps:\n      - run: ./noxw\n      - run: test"),
    ],
)
def test_refuses_workflow_when_the_last_job_overlooks_one(clean: SampleProject, old: str, new: str) -> None:
    clean.replace(WORKFLOW, old, new)

    assert "always() and compare their results" in only(clean).message


def test_refuses_workflow_when_no_job_runs_every_gate(clean: SampleProject) -> None:
    clean.replace(WORKFLOW, "run: ./noxw", "run: ./noxw -s lint typecheck")

    assert only(clean).message == "no job runs every gate"


def test_passes_when_containers_have_what_they_need(clean: SampleProject) -> None:
    volumes = "    volumes: [..:/workspace, data:/var/lib/postgresql]\n"
    clean.replace(COMPOSE, "    image:", f"{volumes}    environment: {{A: b}}\n    image:")
    clean.write(DEVCONTAINER, json.dumps(CONFIG | {"forwardPorts": [8000], "customizations": {}}))

    assert check(clean.project).findings == []


def test_passes_when_the_container_prepares_itself(clean: SampleProject) -> None:
    preparation = {
        "onCreateCommand": 'sudo chown --recursive "$(id --user)" .venv',
        "updateContentCommand": "./noxw -s env",
        "updateRemoteUserUID": True,
    }
    clean.write(DEVCONTAINER, json.dumps(CONFIG | preparation))

    assert check(clean.project).findings == []


def test_passes_when_production_is_limited(clean: SampleProject) -> None:
    stages = "FROM debian:bookworm-slim AS base\nFROM base AS build\nFROM base\nUSER 10001:10001\n"
    clean.write(PRODUCTION, SERVICE).write(IMAGE, stages)

    assert check(clean.project).findings == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("read_only: true", "read_only: false", "a break-in could do: read_only"),
        ("cap_drop: [ALL]", "cap_drop: [NET_RAW]", "a break-in could do: cap_drop"),
        ('    security_opt: ["no-new-privileges:true"]\n', "", "a break-in could do: security_opt"),
        ("    restart: unless-stopped\n", "", "a break-in could do: restart"),
        ("    logging: {driver: local}\n", "", "a break-in could do: logging"),
        ("    healthcheck: {disable: true}\n", "", "a break-in could do: healthcheck"),
        ("memory: 1g", "cpus: '1'", "a break-in could do: deploy.resources.limits.memory"),
        ("user: postgres", "user: root", "a break-in could do: user"),
        ("    user:", "    privileged: true\n    user:", "postgres has privileged"),
        ("    user:", "    cap_add: [SYS_ADMIN]\n    user:", "postgres has cap_add"),
        ("data:/var", "/var/run/docker.sock:/var", "postgres has /var/run/docker.sock"),
        ("postgres:16", "postgres", "an image without a version"),
        ("user: postgres", "usr: postgres", "what the schema compose-spec allows"),
    ],
)
def test_refuses_production_when_a_service_is_not_limited(
    clean: SampleProject, old: str, new: str, message: str
) -> None:
    clean.write(PRODUCTION, SERVICE.replace(old, new))

    found = [finding for finding in check(clean.project).findings if message in finding.message]

    assert [finding.file for finding in found] == [PRODUCTION]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("FROM debian:bookworm-slim\n", "the container runs as root"),
        ("FROM debian\nUSER pau2\n", "an image without a version"),
        ("FROM debian AS debian\nUSER pau2\n", "an image without a version"),
        ("FROM debian AS base\nFROM base\nUSER pau2\n", "an image without a version"),
        ("FROM debian:bookworm-slim\nRUN pip install x\nUSER pau2\n", "installs what no lock holds"),
    ],
)
def test_refuses_image_of_production_when_it_breaks_a_rule(
    clean: SampleProject, content: str, message: str
) -> None:
    clean.write(IMAGE, content)

    assert [(each.file, message in each.message) for each in check(clean.project).findings] == [(IMAGE, True)]


@pytest.mark.parametrize("file", [WORKFLOW, DEVCONTAINER, DOCKERFILE, HOOK_FILE])
def test_refuses_tree_when_a_file_is_missing(clean: SampleProject, file: str) -> None:
    clean.remove(file)

    assert any("this is missing" in finding.message for finding in check(clean.project).findings)


def test_says_why_when_zizmor_cannot_run(clean: SampleProject) -> None:
    clean.write(HOOK_FILE, "repos: []\n")

    with pytest.raises(GateError, match=rf"zizmor could not run: .*\n.*{HOOK_FILE}"):
        check(clean.project)


def test_names_file_when_it_is_no_yaml(clean: SampleProject) -> None:
    clean.write(WORKFLOW, "on: [")

    with pytest.raises(GateError, match=WORKFLOW):
        check(clean.project)
