"""R06: a change that users or operators notice brings an entry of the change log."""

import re
import tomllib
from collections.abc import Iterator

from gates.model import Finding, Project
from gates.repo.files import files, text
from gates.repo.git import changed_paths, content_at, merge_base

FOLDER = "changelog.d/"
PAGE = "CHANGELOG.md"
README = f"{FOLDER}README.md"
PUBLISHED_FILES = {"backend/openapi.json": "the contract", "docs/settings.md": "the settings"}
"""Files whose every change concerns people outside the project. Other changes are judged in review."""
PYPROJECT = "backend/pyproject.toml"


def check_change_log(project: Project) -> Iterator[Finding]:
    """Yield entries with a wrong name, and changes of the contract or the settings without an entry.

    A repository whose rule book does not list the folder has no change log.
    """
    if FOLDER not in project.rulebook["tree"]:
        return
    types = tomllib.loads(text(project, PYPROJECT))["tool"]["towncrier"]["fragment"]
    named = re.compile(rf"\+[a-z0-9-]+\.({'|'.join(types)})\.md")
    entries = [name for name in files(project, f"{FOLDER}*") if name != README]
    for name in entries:
        if not named.fullmatch(name.removeprefix(FOLDER)):
            fix = f"rename it to {FOLDER}+SLUG.TYPE.md; TYPE is {', '.join(types)}"
            yield Finding(file=name, message="towncrier does not read a file of this name", fix=fix)
    yield from _check_entries(project)


def _check_entries(project: Project) -> Iterator[Finding]:
    base = merge_base(project)
    changed = changed_paths(project, base)
    if PAGE in changed or any(name.startswith(FOLDER) and name != README for name in changed):
        return
    for name, subject in PUBLISHED_FILES.items():
        if name in changed and content_at(project, base.commit, name) is not None:
            message = f"{subject} changed, and no entry of the change log says so"
            fix = f"write one sentence for the people who upgrade into {FOLDER}+SLUG.changed.md"
            yield Finding(file=name, message=message, fix=fix)
