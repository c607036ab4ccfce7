"""R16: workflow, container and hook files are valid, pinned and least-privileged, and call the gates.

zizmor and the published schemas know GitHub's and Compose's rules; the project's own are few and stand here.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema_rs

from gates import yamls
from gates.model import Finding, GateError, Outcome, Project
from gates.sources import files, text

WORKFLOWS, HOOKS = ".github/workflows/", ".pre-commit-config.yaml"
DEVCONTAINER, DOCKERFILE = ".devcontainer/devcontainer.json", ".devcontainer/Dockerfile"
SCHEMAS = {
    "github-workflows": (f"{WORKFLOWS}*.yml", f"{WORKFLOWS}*.yaml"),
    "dependabot": (".github/dependabot.yml",),
    "compose-spec": ("*compose*.yaml", "*compose*.yml"),
}
LONGEST = 160
"""Characters of a schema's message: it quotes what it refuses."""
REQUIRED_JOB = "required"
UNPINNED = re.compile(r"^(FROM|\s*image:)\s+[^\s:$@]+(:latest)?\s*$", re.MULTILINE)
UNLOCKED = re.compile(
    r"\b(curl|wget)\b.*\|\s*(ba)?sh\b|\bpip3? install\b(?!.*--require-hashes)|^ADD\s+http", re.MULTILINE
)


def check(project: Project) -> Outcome:
    """Validate against the published schemas, audit with zizmor, and apply the project's own rules."""
    names = files(project, ".github/*", ".devcontainer/*", "*compose*.y*ml", HOOKS)
    findings = [*_missing(names)]
    for schema, patterns in SCHEMAS.items():
        findings += _invalid(project, schema, files(project, *patterns))
    findings += [] if findings else [*_audited(project), *_jobs(project, names)]
    findings += [*_containers(project, names), *_hooks(project, names)]
    return Outcome(findings=findings, checked=len(names), note=f"{len(names)} files")


def _missing(names: list[str]) -> Iterator[Finding]:
    for wanted in (WORKFLOWS, DEVCONTAINER, DOCKERFILE, HOOKS):
        if not any(name.startswith(wanted) for name in names):
            yield Finding(
                file=wanted, message="this is missing, so the gates do not run there", fix="restore it"
            )


def _invalid(project: Project, schema: str, names: list[str]) -> Iterator[Finding]:
    """Validate against one of the published schemas that check-jsonschema brings along."""
    published = resources.files("check_jsonschema") / f"builtin_schemas/vendor/{schema}.json"
    validator = jsonschema_rs.validator_for(json.loads(published.read_text(encoding="utf-8")))
    for name in names:
        for error in validator.iter_errors(yamls.load(name, text(project, name))):
            where = ".".join(str(part) for part in error.instance_path) or "the file"
            message = f"{where} is not what the schema {schema} allows: {error.message[-LONGEST:]}"
            yield Finding(file=name, message=message, fix="correct it")


def _audited(project: Project) -> Iterator[Finding]:
    """Run zizmor, whose ignore comments and configuration are switched off."""
    options = ["--offline", "--no-config", "--no-ignores", "--no-progress", "--quiet", "--format", "json"]
    program = str(Path(sys.executable).with_name("zizmor"))
    result = subprocess.run(
        [program, *options, ".github", HOOKS], cwd=project.root, capture_output=True, text=True, check=False
    )
    try:
        report = json.loads(result.stdout)
    except ValueError:
        raise GateError(f"zizmor could not run: {result.stderr.strip()[-LONGEST:]}") from None
    for finding in report:
        where = next(place for place in finding["locations"] if place["symbolic"]["kind"] == "Primary")
        yield Finding(
            file=where["symbolic"]["key"]["Local"]["verbatim_path"],
            line=where["concrete"]["location"]["start_point"]["row"] + 1,
            message=f"{finding['desc']} [{finding['ident']}]",
            fix=finding["url"],
        )


def _jobs(project: Project, names: list[str]) -> Iterator[Finding]:
    """One job stands for all: it waits for each, always runs, and no step may fail unseen."""
    jobs: dict[str, Any] = {}
    for name in [name for name in names if name.startswith(WORKFLOWS)]:
        content = text(project, name)
        found = yamls.load(name, content)["jobs"]
        jobs |= found
        for job, entry in found.items():
            line = _line(content, f"{job}:")
            if "timeout-minutes" not in entry:
                yield Finding(file=name, line=line, message=f"{job} has no timeout-minutes", fix="add one")
            for part in (entry, *entry.get("steps", [])):
                if part.get("continue-on-error"):
                    message = f"{job} may fail unseen: continue-on-error"
                    line = _line(content, "continue-on-error")
                    yield Finding(file=name, line=line, message=message, fix="let it fail")
                shallow = str(part.get("with", {}).get("fetch-depth", 1)) != "0"
                if shallow and "actions/checkout" in part.get("uses", ""):
                    message = f"{job} fetches no history, and the gates compare with the merge base"
                    yield Finding(file=name, line=line, message=message, fix="fetch-depth: 0")
    last = jobs.get(REQUIRED_JOB, {})
    if {*last.get("needs", [])} != {*jobs} - {REQUIRED_JOB} or last.get("if") != "always()":
        message = f"the job {REQUIRED_JOB!r} must need every other job and run always()"
        yield Finding(
            file=WORKFLOWS, message=message, fix="a skipped job counts as failed there, and only there"
        )


def _containers(project: Project, names: list[str]) -> Iterator[Finding]:
    for name in [name for name in names if "compose" in name or name.endswith("Dockerfile")]:
        content = text(project, name)
        for pattern, message in (
            (UNPINNED, "an image without a version is another one tomorrow"),
            (UNLOCKED, "this installs what no lock holds"),
        ):
            for match in pattern.finditer(content):
                line = content[: match.start()].count("\n") + 1
                yield Finding(file=name, line=line, message=message, fix="name a version; let ./noxw install")
        if re.search(r"^\s*privileged: *true|network_mode: *host|docker\.sock", content, re.MULTILINE):
            message = "this gives the container the machine"
            yield Finding(file=name, message=message, fix="take it out")
        users = re.findall(r"^USER\s+(\S+)", content, re.MULTILINE)
        if name.endswith("Dockerfile") and (not users or users[-1].split(":")[0] in {"root", "0"}):
            yield Finding(
                file=name, message="the container runs as root", fix="end with USER and a plain user"
            )
    if DEVCONTAINER in names:
        yield from _devcontainer(project)


def _devcontainer(project: Project) -> Iterator[Finding]:
    try:
        config = json.loads(text(project, DEVCONTAINER))
    except ValueError as error:
        yield Finding(file=DEVCONTAINER, message=f"not valid JSON: {error}", fix="correct it")
        return
    if config.get("remoteUser") in {None, "root"}:
        yield Finding(file=DEVCONTAINER, message="remoteUser is root or unsaid", fix="name a plain user")
    if "./noxw" not in str(config.get("postCreateCommand")):
        message = "postCreateCommand does not prepare the gates"
        yield Finding(file=DEVCONTAINER, message=message, fix="call ./noxw -s hooks")


def _hooks(project: Project, names: list[str]) -> Iterator[Finding]:
    """Hooks are the nox sessions: no second version of a tool, no network."""
    if HOOKS not in names:
        return
    command = [sys.executable, "-m", "pre_commit", "validate-config", HOOKS]
    result = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False)
    if result.returncode:
        yield Finding(file=HOOKS, message=" ".join(result.stdout.split()), fix="correct it")
        return
    content = text(project, HOOKS)
    for repository in yamls.load(HOOKS, content)["repos"]:
        for hook in repository.get("hooks", []):
            if repository["repo"] != "local" or not re.fullmatch(r"\./noxw -s [\w-]+", hook.get("entry", "")):
                message = f"the hook {hook['id']} is no nox session of this repository"
                line = _line(content, f"id: {hook['id']}")
                yield Finding(file=HOOKS, line=line, message=message, fix="repo: local, entry: ./noxw -s …")


def _line(content: str, fragment: str) -> int:
    lines = content.splitlines()
    return next((number for number, line in enumerate(lines, 1) if fragment in line), 0)
