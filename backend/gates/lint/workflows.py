"""R16: workflow, container and hook files.

Why: CI runs code with the rights of the repository, and a workflow that ignores failures makes all gates
    useless.
Refuses: Invalid files, actions without a pinned version, default permissions, jobs without a time limit,
    ignored failures, commands that nobody can run locally, containers that run as root or reach the
    machine.
Instead: Call `./noxw` in jobs and hooks. Copy the hardening of a service that exists.
Exceptions: None. Jobs that only a schedule or a person starts need not be required.

zizmor and the published schemas know GitHub's and Compose's rules; this module has the project's own.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

import jsonschema_rs

from gates.lint.containers import DEVCONTAINER, DOCKERFILE, NOX_COMMAND, check_containers
from gates.model import Finding, GateError, Outcome, Project
from gates.repo import yaml12
from gates.repo.files import files, line_of, text
from gates.repo.process import PYTHON_M, executable, run

WORKFLOWS = ".github/workflows/"
HOOKS = ".pre-commit-config.yaml"
SCHEMAS = {
    "github-workflows": (f"{WORKFLOWS}*.yml", f"{WORKFLOWS}*.yaml"),
    "dependabot": (".github/dependabot.yml",),
    "compose-spec": ("*compose*.yaml", "*compose*.yml"),
}
MAX_MESSAGE_LENGTH = 160
"""Characters of a tool's message: a schema quotes what it refuses, and zizmor appends a stack trace."""
REQUIRED_JOB = "required"
NON_GATING_EVENTS = {"schedule", "workflow_dispatch"}
"""Events that bring no change: a workflow that only these start judges none, and nothing waits for it."""
READ_PERMISSIONS = {"none", "read"}
PINNED_RUNNER = re.compile(r"ubuntu-\d\d\.\d\d")


def check(project: Project) -> Outcome:
    """Validate against the published schemas, audit with zizmor, and apply the project's own rules."""
    names = files(project, ".github/*", ".devcontainer/*", "*compose*.y*ml", "*Dockerfile", HOOKS)
    findings = [*_missing_files(names)]
    for schema, patterns in SCHEMAS.items():
        findings += _schema_violations(project, schema, files(project, *patterns))
    if not findings:  # both need valid files
        findings += [*_zizmor_findings(project), *_check_jobs(project, names)]
    findings += [*check_containers(project, names), *_check_hooks(project, names)]
    return Outcome(findings=findings, checked=len(names), note=f"{len(names)} files")


def _missing_files(names: list[str]) -> Iterator[Finding]:
    for wanted in (WORKFLOWS, DEVCONTAINER, DOCKERFILE, HOOKS):
        if not any(name.startswith(wanted) for name in names):
            message = "this is missing, so the gates do not run there"
            yield Finding(file=wanted, message=message, fix="restore it")


def _schema_violations(project: Project, schema: str, names: list[str]) -> Iterator[Finding]:
    """Validate against one of the published schemas that check-jsonschema brings along."""
    validator = _validator(schema)
    for name in names:
        for error in validator.iter_errors(yaml12.load(name, text(project, name))):
            where = ".".join(str(part) for part in error.instance_path) or "the file"
            message = f"{where} is not what the schema {schema} allows: {error.message[-MAX_MESSAGE_LENGTH:]}"
            yield Finding(file=name, message=message, fix="correct what the message names")


@cache
def _validator(schema: str) -> jsonschema_rs.Validator:
    published = resources.files("check_jsonschema") / f"builtin_schemas/vendor/{schema}.json"
    return jsonschema_rs.validator_for(json.loads(published.read_text(encoding="utf-8")))


def _zizmor_findings(project: Project) -> Iterator[Finding]:
    """Run zizmor, whose ignore comments and configuration are switched off."""
    options = [
        "--offline",
        "--no-config",
        "--no-ignores",
        "--collect=all",
        "--no-progress",
        "--quiet",
        "--format",
        "json",
    ]
    result = run(project.root, executable("zizmor"), *options, ".github", HOOKS)
    try:
        report = json.loads(result.stdout)
    except ValueError:
        raise GateError(f"zizmor could not run: {result.stderr.strip()[:MAX_MESSAGE_LENGTH]}") from None
    for finding in report:
        where = next(place for place in finding["locations"] if place["symbolic"]["kind"] == "Primary")
        file = where["symbolic"]["key"]["Local"]["verbatim_path"]
        line = where["concrete"]["location"]["start_point"]["row"] + 1
        message = f"{finding['desc']} [{finding['ident']}]"
        yield Finding(file=file, line=line, message=message, fix=finding["url"])


def _check_jobs(project: Project, names: list[str]) -> Iterator[Finding]:
    """Check that one required job waits for all jobs of a change and always runs, and that no step may
    fail unnoticed.
    """
    jobs: list[tuple[str, Any]] = []
    for name in [name for name in names if name.startswith(WORKFLOWS)]:
        content = text(project, name)
        workflow = yaml12.load(name, content)
        if {*workflow["on"]} - NON_GATING_EVENTS:
            jobs += workflow["jobs"].items()
        if workflow.get("permissions") != {}:
            line = line_of(content, "permissions")
            yield Finding(
                file=name,
                line=line,
                message="the workflow does not drop the default permissions",
                fix="add permissions: {}",
            )
        for job, entry in workflow["jobs"].items():
            line = line_of(content, f"{job}:")
            for message, fix in _job_problems(job, entry):
                yield Finding(file=name, line=line, message=f"{job} {message}", fix=fix)
    last = dict(jobs).get(REQUIRED_JOB, {})
    needs = [*last.get("needs", [])]
    test = f'test "$RESULTS" = "{" ".join(["success"] * len(needs))}"'
    steps = [{"run": test, "env": {"RESULTS": "${{ join(needs.*.result, ' ') }}"}}]
    waits = sorted([*needs, REQUIRED_JOB]) == sorted(name for name, _ in jobs)
    if not waits or last.get("if") != "always()" or last.get("steps") != steps:
        message = f"the job {REQUIRED_JOB!r} must need all that judge, run always() and compare their results"
        yield Finding(
            file=WORKFLOWS,
            message=message,
            fix=f"write its steps as {steps[0]}: a skipped job counts as failed",
        )
    if not any("./noxw" in _commands_of(job) for _, job in jobs):
        yield Finding(file=WORKFLOWS, message="no job runs every gate", fix="add a step with run: ./noxw")


def _commands_of(job: dict[str, Any]) -> list[str]:
    return [step["run"].strip() for step in job.get("steps", []) if "run" in step]


def _job_problems(job: str, entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the problems of a job, each with its repair."""
    if "timeout-minutes" not in entry:
        yield "has no timeout-minutes", "add timeout-minutes"
    for part in (entry, *entry.get("steps", [])):
        if part.get("continue-on-error"):
            yield "may fail without notice: continue-on-error", "remove continue-on-error"
        shallow = str(part.get("with", {}).get("fetch-depth", 1)) != "0"
        if shallow and "actions/checkout" in part.get("uses", ""):
            yield "fetches no history, and the gates compare with the merge base", "set fetch-depth: 0"
    permissions = entry.get("permissions", {})
    if permissions == "write-all" or {*dict(permissions).values()} - READ_PERMISSIONS:
        yield "may write to the repository", "set contents: read"
    if not PINNED_RUNNER.fullmatch(str(entry.get("runs-on"))):
        yield "runs on an image that changes without notice", "name a version: ubuntu-24.04"
    for command in _commands_of(entry):
        if job != REQUIRED_JOB and not NOX_COMMAND.fullmatch(command):
            yield f"runs a command that cannot be run locally: {command}", "call ./noxw"


def _check_hooks(project: Project, names: list[str]) -> Iterator[Finding]:
    """Hooks are the nox sessions: no second version of a tool, no network."""
    if HOOKS not in names:
        return
    result = run(project.root, *PYTHON_M, "pre_commit", "validate-config", HOOKS)
    if result.returncode:
        yield Finding(
            file=HOOKS, message=" ".join(result.stdout.split()), fix="correct what the message names"
        )
        return
    content = text(project, HOOKS)
    for repository in yaml12.load(HOOKS, content)["repos"]:
        for hook in repository.get("hooks", []):
            if repository["repo"] != "local" or not re.fullmatch(r"\./noxw -s [\w-]+", hook.get("entry", "")):
                message = f"the hook {hook['id']} is not a nox session of this repository"
                line = line_of(content, f"id: {hook['id']}")
                yield Finding(
                    file=HOOKS, line=line, message=message, fix="set repo: local and entry: ./noxw -s SESSION"
                )
