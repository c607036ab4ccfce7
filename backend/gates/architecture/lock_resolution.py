"""R05: each pin is asked for, by the `.in` files or by what they lead to, and nothing asked for is missing.

What a package asks for is in its installed metadata (`Requires-Dist`, PEP 345 and PEP 508). It is followed,
with extras and markers, for every environment that may install the lock: a pin also needs the right marker.

Three things cannot be known without the network: what a package asks for that this machine does not install,
because its marker names another platform, implementation or Python (a pin for such places alone passes, if
one of those packages might ask for it); whether there are newer versions; whether hashes are the release's.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gates.architecture.environment_markers import HERE, Environments, Numbers
from gates.model import Finding, Project
from gates.repo.files import text
from gates.repo.lockfiles import FOLDER, LOCK, Pin, path_of, pins

ENVIRONMENT_FOLDERS = {"runtime": ".venv", "dev": ".venv", "nox": ".noxw", "audit": ".audit", "docs": ".docs"}
"""Lock → the environment that installs it. Those of audit and docs are there only after these sessions."""
INSTALL_COMMANDS = {"runtime": "./noxw -s env", "dev": "./noxw -s env", "nox": "./noxw -l"}
NOWHERE: Numbers = frozenset()

Requirements = Mapping[str, Sequence[Requirement]]
"""The requirements of each package whose pinned version is installed."""


@dataclass(frozen=True)
class Demand:
    """Something asks for a package in some environments. `by` is a package or a `.in` file."""

    by: str
    requirement: Requirement
    where: Numbers

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)


def check_resolution(project: Project, lock: str, roots: Sequence[Requirement]) -> Iterator[Finding]:
    """Compare a lock with all packages that its requirements need; the audit's only where it is installed.

    Yields packages that are pinned and not asked for, asked for and not pinned, or pinned at a version that
    the metadata excludes.
    """
    locked = pins(project, lock)
    asks = _requirements_of_installed(project, ENVIRONMENT_FOLDERS[lock], locked)
    environments = project.memoize("environments", lambda: Environments.of(project))
    pinned: dict[str, Numbers] = defaultdict(frozenset)
    for pin in locked:
        pinned[pin.name] |= environments.where(pin.marker)
    absent = [pin for pin in locked if pin.name not in asks and environments.where(pin.marker) >= HERE]
    if absent:
        yield from _not_installed(lock, absent)
        return
    demands = [*_demands(f"{FOLDER}/{lock}.in", roots, asks, environments)]
    yield from _check_surplus(lock, locked, demands, asks, environments)
    yield from _check_missing(lock, pinned, demands, environments)
    yield from _check_versions(project, lock, locked, demands, environments)


def _not_installed(lock: str, absent: Sequence[Pin]) -> Iterator[Finding]:
    """Yield pins whose requirements are unknown; none for a lock that need not be installed."""
    if lock not in INSTALL_COMMANDS:
        return
    for pin in absent:
        message = f"{pin.name} {pin.version} is not installed, so its requirements are unknown"
        yield Finding(file=path_of(lock), line=pin.line, message=message, fix=INSTALL_COMMANDS[lock])


def _requirements_of_installed(project: Project, place: str, locked: Sequence[Pin]) -> Requirements:
    """Return the requirements of installed pins, without those of other installed versions."""
    found = project.memoize(("installed", place), lambda: _metadata(project.root / place))
    return {pin.name: found[pin.name, pin.version] for pin in locked if (pin.name, pin.version) in found}


def _metadata(place: Path) -> dict[tuple[str, str], list[Requirement]]:
    folders = [*place.glob("lib/python*/site-packages"), place / "Lib/site-packages"]
    read = (found.metadata for found in distributions(path=[str(folder) for folder in folders]))
    return {
        (canonicalize_name(facts["Name"]), facts["Version"]): [
            Requirement(line) for line in facts.get_all("Requires-Dist", ())
        ]
        for facts in read
    }


def _demands(
    file: str, roots: Sequence[Requirement], asks: Requirements, environments: Environments
) -> Iterator[Demand]:
    """Follow the requirements from package to package; yield each with the environments that it is for."""
    seen: dict[tuple[str, str], Numbers] = defaultdict(frozenset)
    left = [Demand(file, root, environments.everywhere) for root in roots]
    while left:
        demand = left.pop()
        yield demand
        for extra in ("", *demand.requirement.extras):
            new = demand.where - seen[demand.name, extra]
            if not new:
                continue
            seen[demand.name, extra] |= new
            for requirement in asks.get(demand.name, ()):
                where = new & environments.where(str(requirement.marker or ""), extra)
                if where:
                    left.append(Demand(demand.name, requirement, where))


def _check_surplus(
    lock: str,
    locked: Sequence[Pin],
    demands: Sequence[Demand],
    asks: Requirements,
    environments: Environments,
) -> Iterator[Finding]:
    """Yield pins that nothing asks for. Of places where a package is unknown, only this machine is judged."""
    wanted: dict[str, Numbers] = defaultdict(frozenset)
    for demand in demands:
        wanted[demand.name] |= demand.where
    unknown = [environments.where(pin.marker) for pin in locked if pin.name not in asks]
    excused = NOWHERE.union(*unknown) - HERE
    for pin in locked:
        surplus = environments.where(pin.marker) - wanted[pin.name] - excused
        if surplus:
            place = environments.named(surplus)
            message = f"nothing asks for {pin.name}{place}, but it would be installed"
            fix = f"{LOCK} removes it; if the code needs it, ask for it in {FOLDER}/{lock}.in"
            yield Finding(file=path_of(lock), line=pin.line, message=message, fix=fix)


def _check_missing(
    lock: str, pinned: Mapping[str, Numbers], demands: Sequence[Demand], environments: Environments
) -> Iterator[Finding]:
    for demand in demands:
        lacking = demand.where - pinned.get(demand.name, NOWHERE)
        if lacking and not demand.by.endswith(".in"):
            place = environments.named(lacking)
            message = f"{demand.by} asks for {demand.name}{place}, which the lock lacks"
            yield Finding(file=path_of(lock), message=message, fix=LOCK)


def _check_versions(
    project: Project, lock: str, locked: Sequence[Pin], demands: Sequence[Demand], environments: Environments
) -> Iterator[Finding]:
    """Yield pins at versions that are not asked for, but for those whose limits [tool.uv] lifts."""
    settings = tomllib.loads(text(project, "backend/pyproject.toml")).get("tool", {}).get("uv", {})
    lifted = {canonicalize_name(Requirement(line).name) for line in settings.get("override-dependencies", ())}
    by_name: dict[str, list[Pin]] = defaultdict(list)
    for pin in locked:
        if pin.name not in lifted:
            by_name[pin.name].append(pin)
    for demand in demands:
        limits = demand.requirement.specifier
        for pin in by_name[demand.name]:
            applies = demand.where & environments.where(pin.marker)
            if applies and not limits.contains(pin.version, prereleases=True):
                message = f"{demand.by} asks for {pin.name}{limits}, the lock has {pin.version}"
                yield Finding(file=path_of(lock), line=pin.line, message=message, fix=LOCK)
