"""R06: links and names of files in the pages of the repository lead to something."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from gates.model import Finding, Project
from gates.repo.cache import cached_per_file
from gates.repo.files import files, text

CODE_BLOCK = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
URL = re.compile(r"[a-z][a-z+.-]*:|//")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PATH_IN_BACKTICKS = re.compile(
    r"""
    `(
    [\w.-]+(?:/[\w.-]+)+
    (?: \.(?:py|md|toml|json|ya?ml|ini|in|txt|conf|jinja) | / )
    )`
    """,
    re.VERBOSE,
)
"""A path in backticks that names one file or one folder: no pattern, no placeholder."""
BASE_FOLDERS = ("", "backend/", "backend/app/")
"""Folders that pages name paths from, besides their own."""
HISTORIC_PAGES = ("docs/decisions/", "CHANGELOG.md", "changelog.d/")
"""Pages about the past: they may name files that no longer exist."""
GENERATED = (
    ".audit/",
    ".docs/",
    ".mail/",
    ".mypy_cache/",
    ".noxw/",
    ".postgres/",
    ".secrets/",
    ".venv/",
    "reports/",
)
"""Files that programs make; a new checkout does not have them."""

References = list[tuple[int, str, str]]
"""Line, kind (link or file) and target of each reference of a page."""


def check_documents(project: Project) -> Iterator[Finding]:
    """Yield links to missing pages, files and headings, and names of files that do not exist."""
    for page, references in cached_per_file(project, files(project, "*.md"), _references).items():
        for line, kind, target in references:
            if kind == "link":
                message = _broken_link(project, page, target)
            else:
                message = _missing_file(project, page, target)
            if message:
                yield Finding(file=page, line=line, message=message, fix="correct the name or remove it")


def _references(project: Project, name: str) -> References:
    """Return the paths in this repository that a page refers to."""
    page = text(project, name)
    prose = CODE_BLOCK.sub(lambda block: re.sub(r"[^\n]", "", block[0]), page)
    found = []
    for number, line in enumerate(prose.splitlines(), 1):
        links = [target for target in LINK.findall(line) if not URL.match(target)]
        found += [(number, "link", target) for target in links]
        if not name.startswith(HISTORIC_PAGES):
            found += [(number, "file", path) for path in PATH_IN_BACKTICKS.findall(line)]
    return found


def _broken_link(project: Project, page: str, target: str) -> str:
    """Return the problem with a link of a page, "" when its target exists."""
    path, _, heading = target.partition("#")
    named = (project.root / page).parent / path if path else project.root / page
    if not named.exists():
        return f"the link to {path} leads nowhere"
    if heading and heading not in _headings(named.read_text(encoding="utf-8")):
        return f"{path or 'this page'} has no heading #{heading}"
    return ""


def _headings(page: str) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(page))
    return {heading.strip().replace(" ", "-") for heading in kept}


def _missing_file(project: Project, page: str, path: str) -> str:
    """Return a message when a path exists in none of the places that pages name paths from."""
    if path.startswith(GENERATED):
        return ""
    places = (*BASE_FOLDERS, f"{PurePosixPath(page).parent.as_posix()}/")
    if any((project.root / place / path).exists() for place in places):
        return ""
    return f"{path} does not exist"
