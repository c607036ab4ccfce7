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

from gates.model import Finding, GateError, Outcome, Project
from gates.repo import yaml12
from gates.repo.files import files, text
from gates.repo.process import MODULE, installed, run

WORKFLOWS, HOOKS = ".github/workflows/", ".pre-commit-config.yaml"
DEVCONTAINER, DOCKERFILE = ".devcontainer/devcontainer.json", ".devcontainer/Dockerfile"
PRODUCTION = "compose.production.yaml"
SCHEMAS = {
    "github-workflows": (f"{WORKFLOWS}*.yml", f"{WORKFLOWS}*.yaml"),
    "dependabot": (".github/dependabot.yml",),
    "compose-spec": ("*compose*.yaml", "*compose*.yml"),
}
LONGEST = 160
"""Characters of a schema's message: it quotes what it refuses."""
REQUIRED_JOB = "required"
REPORTING = {"schedule", "workflow_dispatch"}
"""Events that bring no change: a workflow that only these start judges none, and nothing waits for it."""
READING = {"none", "read"}
RUN = re.compile(r"\./noxw( -s [a-z -]+)?")
MACHINE = re.compile(r"ubuntu-\d\d\.\d\d")
SERVICE_KEYS = {"build", "command", "depends_on", "environment", "healthcheck", "image", "init", "volumes"}
PRODUCTION_NEEDS = {"cap_drop", "deploy", "healthcheck", "logging", "read_only", "restart", "security_opt"}
PRODUCTION_KEYS = {
    *(SERVICE_KEYS | PRODUCTION_NEEDS),
    *(
        "configs",
        "networks",
        "ports",
        "secrets",
        "shm_size",
        "stop_grace_period",
        "stop_signal",
        "tmpfs",
        "user",
    ),
}
"""What each service of production says, and what it may say beside it."""
HARDENED = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
CONTAINER_KEYS = {
    *("name", "dockerComposeFile", "service", "workspaceFolder", "remoteUser", "postCreateCommand"),
    *("forwardPorts", "portsAttributes", "customizations"),
}
"""Anything else may give the container the machine, its user's keys or another toolchain."""
UNPINNED = re.compile(
    r"^(?:FROM|\s*image:)\s+([^\s:$@]+)(?::latest)?(?:\s+AS\s+\S+)?\s*$", re.MULTILINE | re.IGNORECASE
)
STAGE = re.compile(r"^FROM\s.*\sAS\s+(\S+)\s*$", re.MULTILINE | re.IGNORECASE)
UNLOCKED = re.compile(
    r"\b(curl|wget)\b.*\|\s*(ba)?sh\b|\bpip3? install\b(?!.*--require-hashes)|^ADD\s+http", re.MULTILINE
)


def check(project: Project) -> Outcome:
    """Validate against the published schemas, audit with zizmor, and apply the project's own rules."""
    names = files(project, ".github/*", ".devcontainer/*", "*compose*.y*ml", "*Dockerfile", HOOKS)
    findings = [*_missing(names)]
    for schema, patterns in SCHEMAS.items():
        findings += _invalid(project, schema, files(project, *patterns))
    findings += [] if findings else [*_audited(project), *_jobs(project, names)]
    findings += [*_containers(project, names), *_hooks(project, names)]
    return Outcome(findings=findings, checked=len(names), note=f"{len(names)} files")


def _missing(names: list[str]) -> Iterator[Finding]:
    for wanted in (WORKFLOWS, DEVCONTAINER, DOCKERFILE, HOOKS):
        if not any(name.startswith(wanted) for name in names):
            message = "this is missing, so the gates do not run there"
            yield Finding(file=wanted, message=message, fix="restore it")


def _invalid(project: Project, schema: str, names: list[str]) -> Iterator[Finding]:
    """Validate against one of the published schemas that check-jsonschema brings along."""
    validator = _validator(schema)
    for name in names:
        for error in validator.iter_errors(yaml12.load(name, text(project, name))):
            where = ".".join(str(part) for part in error.instance_path) or "the file"
            message = f"{where} is not what the schema {schema} allows: {error.message[-LONGEST:]}"
            yield Finding(file=name, message=message, fix="correct it")


@cache
def _validator(schema: str) -> jsonschema_rs.Validator:
    published = resources.files("check_jsonschema") / f"builtin_schemas/vendor/{schema}.json"
    return jsonschema_rs.validator_for(json.loads(published.read_text(encoding="utf-8")))


def _audited(project: Project) -> Iterator[Finding]:
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
    result = run(project.root, installed("zizmor"), *options, ".github", HOOKS)
    try:
        report = json.loads(result.stdout)
    except ValueError:
        raise GateError(f"zizmor could not run: {result.stderr.strip()[-LONGEST:]}") from None
    for finding in report:
        where = next(place for place in finding["locations"] if place["symbolic"]["kind"] == "Primary")
        file = where["symbolic"]["key"]["Local"]["verbatim_path"]
        line = where["concrete"]["location"]["start_point"]["row"] + 1
        message = f"{finding['desc']} [{finding['ident']}]"
        yield Finding(file=file, line=line, message=message, fix=finding["url"])


def _jobs(project: Project, names: list[str]) -> Iterator[Finding]:
    """One job stands for all that judge a change: it waits for each, always runs, no step fails unseen."""
    jobs: list[tuple[str, Any]] = []
    for name in [name for name in names if name.startswith(WORKFLOWS)]:
        content = text(project, name)
        workflow = yaml12.load(name, content)
        jobs += workflow["jobs"].items() if {*workflow["on"]} - REPORTING else ()
        if workflow.get("permissions") != {}:
            line = _line(content, "permissions")
            yield Finding(file=name, line=line, message="jobs get rights unasked", fix="permissions: {}")
        for job, entry in workflow["jobs"].items():
            line = _line(content, f"{job}:")
            for message, fix in _faults(job, entry):
                yield Finding(file=name, line=line, message=f"{job} {message}", fix=fix)
    last = dict(jobs).get(REQUIRED_JOB, {})
    needs = [*last.get("needs", [])]
    test = f'test "$RESULTS" = "{" ".join(["success"] * len(needs))}"'
    steps = [{"run": test, "env": {"RESULTS": "${{ join(needs.*.result, ' ') }}"}}]
    waits = sorted([*needs, REQUIRED_JOB]) == sorted(name for name, _ in jobs)
    if not waits or last.get("if") != "always()" or last.get("steps") != steps:
        message = f"the job {REQUIRED_JOB!r} must need all that judge, run always() and compare their results"
        yield Finding(file=WORKFLOWS, message=message, fix=f"a skipped job counts as failed: {steps[0]}")
    if not any("./noxw" in _runs(job) for _, job in jobs):
        yield Finding(file=WORKFLOWS, message="no job runs every gate", fix="run: ./noxw")


def _runs(job: dict[str, Any]) -> list[str]:
    return [step["run"].strip() for step in job.get("steps", []) if "run" in step]


def _faults(job: str, entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a job may not do, and what to do."""
    if "timeout-minutes" not in entry:
        yield "has no timeout-minutes", "add one"
    for part in (entry, *entry.get("steps", [])):
        if part.get("continue-on-error"):
            yield "may fail unseen: continue-on-error", "let it fail"
        shallow = str(part.get("with", {}).get("fetch-depth", 1)) != "0"
        if shallow and "actions/checkout" in part.get("uses", ""):
            yield "fetches no history, and the gates compare with the merge base", "fetch-depth: 0"
    if entry.get("permissions") == "write-all" or {*dict(entry.get("permissions", {})).values()} - READING:
        yield "may write to the repository", "contents: read"
    if not MACHINE.fullmatch(str(entry.get("runs-on"))):
        yield "runs on a machine that changes unseen", "name a version: ubuntu-24.04"
    for command in _runs(entry):
        if job != REQUIRED_JOB and not RUN.fullmatch(command):
            yield f"runs something that nobody can run at their desk: {command}", "call ./noxw"


def _containers(project: Project, names: list[str]) -> Iterator[Finding]:
    for name in [name for name in names if "compose" in name or name.endswith("Dockerfile")]:
        content = text(project, name)
        for pattern, message in (
            (UNPINNED, "an image without a version is another one tomorrow"),
            (UNLOCKED, "this installs what no lock holds"),
        ):
            for match in pattern.finditer(content):
                if pattern is UNPINNED and match[1] in STAGE.findall(content, 0, match.start()):
                    continue
                line = content[: match.start()].count("\n") + 1
                yield Finding(file=name, line=line, message=message, fix="name a version; let ./noxw install")
        if "compose" in name:
            yield from _services(project, name)
        users = re.findall(r"^USER\s+(\S+)", content, re.MULTILINE)
        if name.endswith("Dockerfile") and (not users or re.match(r"root\b|0", users[-1])):
            fix = "end with USER and a plain user"
            yield Finding(file=name, message="the container runs as root", fix=fix)
    if DEVCONTAINER in names:
        yield from _devcontainer(project)


def _services(project: Project, name: str) -> Iterator[Finding]:
    """A service has its image and what it needs, and of the machine only the repository."""
    allowed = PRODUCTION_KEYS if name == PRODUCTION else SERVICE_KEYS
    for service, entry in yaml12.load(name, text(project, name)).get("services", {}).items():
        if name == PRODUCTION:
            yield from _hardened(service, entry)
        mounts = [str(mount) for mount in entry.get("volumes", [])]
        outside = [mount for mount in mounts if not re.match(r"\.\.:|[a-z]+:", mount)]
        for what in [*sorted({*entry} - allowed), *outside]:
            message = f"{service} has {what}, which may give it the machine or its user's keys"
            line = _line(text(project, name), what)
            yield Finding(file=name, line=line, message=message, fix="take it out")


def _hardened(service: str, entry: dict[str, Any]) -> Iterator[Finding]:
    """A service of production cannot change its image, gain rights, or take the whole machine."""
    wrong = {key for key, value in HARDENED.items() if entry.get(key) != value}
    wrong |= PRODUCTION_NEEDS - {*entry}
    if "memory" not in entry.get("deploy", {}).get("resources", {}).get("limits", {}):
        wrong.add("deploy.resources.limits.memory")
    if re.match(r"root\b|0", str(entry.get("user", ""))):
        wrong.add("user")
    for what in sorted(wrong):
        message = f"{service} does not limit what a break-in could do: {what}"
        fix = f"set it as the other services do; {HARDENED}"
        yield Finding(file=PRODUCTION, message=message, fix=fix)


def _devcontainer(project: Project) -> Iterator[Finding]:
    try:
        config = json.loads(text(project, DEVCONTAINER))
    except ValueError as error:
        yield Finding(file=DEVCONTAINER, message=f"not valid JSON: {error}", fix="correct it")
        return
    if config.get("remoteUser") in {None, "root"}:
        yield Finding(file=DEVCONTAINER, message="remoteUser is root or unsaid", fix="name a plain user")
    for key in sorted({*config} - CONTAINER_KEYS):
        message = f"{key} may give the container the machine, its user's keys or other tools"
        line = _line(text(project, DEVCONTAINER), f'"{key}"')
        yield Finding(file=DEVCONTAINER, line=line, message=message, fix="take it out")
    if not RUN.fullmatch(str(config.get("postCreateCommand"))):
        message = "postCreateCommand does not prepare the gates"
        yield Finding(file=DEVCONTAINER, message=message, fix="call ./noxw -s hooks")


def _hooks(project: Project, names: list[str]) -> Iterator[Finding]:
    """Hooks are the nox sessions: no second version of a tool, no network."""
    if HOOKS not in names:
        return
    result = run(project.root, *MODULE, "pre_commit", "validate-config", HOOKS)
    if result.returncode:
        yield Finding(file=HOOKS, message=" ".join(result.stdout.split()), fix="correct it")
        return
    content = text(project, HOOKS)
    for repository in yaml12.load(HOOKS, content)["repos"]:
        for hook in repository.get("hooks", []):
            if repository["repo"] != "local" or not re.fullmatch(r"\./noxw -s [\w-]+", hook.get("entry", "")):
                message = f"the hook {hook['id']} is no nox session of this repository"
                line = _line(content, f"id: {hook['id']}")
                yield Finding(file=HOOKS, line=line, message=message, fix="repo: local, entry: ./noxw -s …")


def _line(content: str, fragment: str) -> int:
    lines = content.splitlines()
    return next((number for number, line in enumerate(lines, 1) if fragment in line), 0)
