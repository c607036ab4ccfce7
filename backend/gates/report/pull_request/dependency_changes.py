"""The versions that a change adds to the locks or removes from them, with their licences."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, distributions

from packaging.utils import canonicalize_name

from gates.model import Project
from gates.repo.git import content_at, merge_base
from gates.repo.lockfiles import LOCKS, path_of, pins, pins_in

ENVIRONMENTS = (".venv", ".noxw", ".audit")
"""Folders of the project that the locks are installed in."""
UNKNOWN = "unknown: this version is not installed here"
UNSTATED = "not stated"
CLASSIFIER = "License ::"
MAX_LICENCE_LENGTH = 60
"""Some packages have the whole text of a licence where its name belongs."""


@dataclass(frozen=True, kw_only=True)
class DependencyChange:
    """A package whose locked versions change. `before` or `after` is empty when it is new or gone.

    `direct` says whether the rule book's [stack] names it; `used_by` are the users of its locks.
    """

    name: str
    before: Sequence[str]
    after: Sequence[str]
    licence: str
    direct: bool
    used_by: Sequence[str]


def dependency_changes(project: Project) -> list[DependencyChange]:
    """Return the packages with other versions than at the base, by name. Raises GateError."""
    base = merge_base(project).commit
    before: dict[str, set[str]] = {}
    after: dict[str, set[str]] = {}
    used_by: dict[str, list[str]] = {}
    for lock, user in LOCKS.items():
        old = {
            (pin.name, pin.version)
            for pin in pins_in((content_at(project, base, path_of(lock)) or "").splitlines())
        }
        new = {(pin.name, pin.version) for pin in pins(project, lock)}
        for name, _ in old ^ new:
            users = used_by.setdefault(name, [])
            users += [] if user in users else [user]
        for versions, found in ((before, old), (after, new)):
            for name, version in found:
                versions.setdefault(name, set()).add(version)
    direct = {canonicalize_name(name) for lock in LOCKS for name in project.rulebook["stack"].get(lock, [])}
    licences = _licences(project) if used_by else {}
    return [
        DependencyChange(
            name=name,
            before=sorted(before.get(name, ())),
            after=sorted(after.get(name, ())),
            licence=_licence_of(name, after.get(name, set()), licences),
            direct=name in direct,
            used_by=users,
        )
        for name, users in sorted(used_by.items())
    ]


def _licence_of(name: str, versions: set[str], licences: dict[tuple[str, str], str]) -> str:
    found = {licences[name, version] for version in versions if (name, version) in licences}
    return " / ".join(sorted(found)) or (UNKNOWN if versions else "")


def _licences(project: Project) -> dict[tuple[str, str], str]:
    """Return the licence of each installed version."""
    places = [project.root / name for name in ENVIRONMENTS]
    folders = [folder for place in places for folder in place.glob("lib/python*/site-packages")]
    folders += [place / "Lib/site-packages" for place in places]
    read = (found.metadata for found in distributions(path=[str(folder) for folder in folders]))
    return {(canonicalize_name(facts["Name"]), facts["Version"]): licence(facts) for facts in read}


def licence(facts: PackageMetadata) -> str:
    """Return the licence that a package's metadata state: an expression, a classifier, or a short text."""
    expressions = facts.get_all("License-Expression", [])
    classifiers = [
        line.rpartition(" :: ")[2] for line in facts.get_all("Classifier", []) if line.startswith(CLASSIFIER)
    ]
    texts = [text.strip() for text in facts.get_all("License", [])]
    short = [text for text in texts if text and "\n" not in text and len(text) <= MAX_LICENCE_LENGTH]
    return ", ".join(expressions or classifiers or short) or UNSTATED
