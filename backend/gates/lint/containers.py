"""R16: images are pinned, services and the development container get no more rights than they need."""

import json
import re
from collections.abc import Iterator
from typing import Any

from gates.model import Finding, Project
from gates.repo import yaml12
from gates.repo.files import line_of, text

DEVCONTAINER = ".devcontainer/devcontainer.json"
DOCKERFILE = ".devcontainer/Dockerfile"
PRODUCTION = "compose.production.yaml"
NOX_COMMAND = re.compile(r'\./noxw( -s [a-z -]+( [a-z0-9/-]+| "\$[A-Z0-9_]+")*)?')
CHANGE_OF_OWNERS = re.compile(r"sudo chown [^;&|\n]+")
SERVICE_KEYS = {"build", "command", "depends_on", "environment", "healthcheck", "image", "init", "volumes"}
PRODUCTION_NEEDS = {"cap_drop", "deploy", "healthcheck", "logging", "read_only", "restart", "security_opt"}
PRODUCTION_OPTIONS = {
    "configs",
    "networks",
    "ports",
    "secrets",
    "shm_size",
    "stop_grace_period",
    "stop_signal",
    "tmpfs",
    "user",
}
PRODUCTION_KEYS = SERVICE_KEYS | PRODUCTION_NEEDS | PRODUCTION_OPTIONS
"""Keys of a production service: those that it must have and those that it may have."""
HARDENING = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
DEVCONTAINER_KEYS = {
    "customizations",
    "dockerComposeFile",
    "forwardPorts",
    "name",
    "onCreateCommand",
    "portsAttributes",
    "postCreateCommand",
    "remoteUser",
    "service",
    "updateContentCommand",
    "updateRemoteUserUID",
    "workspaceFolder",
}
"""Other keys may give the container access to the machine, its user's keys or another toolchain."""
UNPINNED_IMAGE = re.compile(
    r"""
    ^ (?:FROM|\s*image:) \s+
    ([^\s:$@]+) (?::latest)?  # a name without a tag, a variable or a digest
    (?:\s+AS\s+\S+)? \s* $
    """,
    re.MULTILINE | re.IGNORECASE | re.VERBOSE,
)
BUILD_STAGE = re.compile(r"^FROM\s.*\sAS\s+(\S+)\s*$", re.MULTILINE | re.IGNORECASE)
UNLOCKED_INSTALL = re.compile(
    r"""
    \b(curl|wget)\b .* \| \s* (ba)?sh\b
    | \bpip3?\ install\b (?!.*--require-hashes)
    | ^ADD\s+http
    """,
    re.MULTILINE | re.VERBOSE,
)


def check_containers(project: Project, names: list[str]) -> Iterator[Finding]:
    """Yield the problems of images, services and the development container."""
    for name in [name for name in names if "compose" in name or name.endswith("Dockerfile")]:
        content = text(project, name)
        for pattern, message in (
            (UNPINNED_IMAGE, "an image without a version is another one tomorrow"),
            (UNLOCKED_INSTALL, "this installs what no lock holds"),
        ):
            for match in pattern.finditer(content):
                if pattern is UNPINNED_IMAGE and match[1] in BUILD_STAGE.findall(content, 0, match.start()):
                    continue
                line = content[: match.start()].count("\n") + 1
                yield Finding(
                    file=name, line=line, message=message, fix="name a version, or let ./noxw install it"
                )
        if "compose" in name:
            yield from _check_services(project, name)
        users = re.findall(r"^USER\s+(\S+)", content, re.MULTILINE)
        if name.endswith("Dockerfile") and (not users or re.match(r"root\b|0", users[-1])):
            fix = "end the file with USER and an unprivileged user"
            yield Finding(file=name, message="the container runs as root", fix=fix)
    if DEVCONTAINER in names:
        yield from _check_devcontainer(project)


def _check_services(project: Project, name: str) -> Iterator[Finding]:
    """A service has its image and what it needs, and of the machine only the repository."""
    allowed = PRODUCTION_KEYS if name == PRODUCTION else SERVICE_KEYS
    for service, entry in yaml12.load(name, text(project, name)).get("services", {}).items():
        if name == PRODUCTION:
            yield from _check_hardening(service, entry)
        mounts = [str(mount) for mount in entry.get("volumes", [])]
        outside = [mount for mount in mounts if not re.match(r"\.\.:|[a-z]+:", mount)]
        for what in [*sorted({*entry} - allowed), *outside]:
            message = f"{service} has {what}, which may give it the machine or its user's keys"
            line = line_of(text(project, name), what)
            yield Finding(file=name, line=line, message=message, fix="remove it")


def _check_hardening(service: str, entry: dict[str, Any]) -> Iterator[Finding]:
    """A service of production cannot change its image, gain rights, or take the whole machine."""
    wrong = {key for key, value in HARDENING.items() if entry.get(key) != value}
    wrong |= PRODUCTION_NEEDS - {*entry}
    if "memory" not in entry.get("deploy", {}).get("resources", {}).get("limits", {}):
        wrong.add("deploy.resources.limits.memory")
    if re.match(r"root\b|0", str(entry.get("user", ""))):
        wrong.add("user")
    for what in sorted(wrong):
        message = f"{service} does not limit what a break-in could do: {what}"
        fix = f"set it as the other services do; {HARDENING}"
        yield Finding(file=PRODUCTION, message=message, fix=fix)


def _check_devcontainer(project: Project) -> Iterator[Finding]:
    try:
        config = json.loads(text(project, DEVCONTAINER))
    except ValueError as error:
        yield Finding(file=DEVCONTAINER, message=f"not valid JSON: {error}", fix="correct the syntax")
        return
    if config.get("remoteUser") in {None, "root"}:
        yield Finding(
            file=DEVCONTAINER, message="remoteUser is root or missing", fix="name an unprivileged user"
        )
    for key in sorted({*config} - DEVCONTAINER_KEYS):
        message = f"{key} may give the container the machine, its user's keys or other tools"
        line = line_of(text(project, DEVCONTAINER), f'"{key}"')
        yield Finding(file=DEVCONTAINER, line=line, message=message, fix="remove it")
    if not NOX_COMMAND.fullmatch(str(config.get("postCreateCommand"))):
        message = "postCreateCommand does not prepare the gates"
        yield Finding(file=DEVCONTAINER, message=message, fix="call ./noxw -s hooks")
    yield from _check_preparation(project, config)


def _check_preparation(project: Project, config: dict[str, Any]) -> Iterator[Finding]:
    """The container is prepared as any other machine is, and files keep their owner."""
    owners = config.get("onCreateCommand")
    content = config.get("updateContentCommand")
    for key, is_wrong, message, fix in (
        (
            "onCreateCommand",
            owners is not None and not CHANGE_OF_OWNERS.fullmatch(str(owners)),
            "onCreateCommand does more than change the owners of volumes",
            "install packages in the Dockerfile, and the rest with ./noxw",
        ),
        (
            "updateContentCommand",
            content is not None and not NOX_COMMAND.fullmatch(str(content)),
            "updateContentCommand installs what ./noxw does not",
            "call ./noxw -s env",
        ),
        (
            "updateRemoteUserUID",
            config.get("updateRemoteUserUID") is False,
            "files that the container writes do not belong to the developer",
            "remove updateRemoteUserUID or set it to true",
        ),
    ):
        if is_wrong:
            line = line_of(text(project, DEVCONTAINER), f'"{key}"')
            yield Finding(file=DEVCONTAINER, line=line, message=message, fix=fix)
