"""The navigation of the site by purpose: learn, solve a task, look up, understand."""

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase

from devtools.docs_site.errors import DocsError
from devtools.docs_site.pages import SOURCE_FOLDER, Pages

Entry = str | dict[str, list["Entry"]]
"""A page, or a section with its entries, as Zensical reads them."""

NAVIGATION: Sequence[Entry] = [
    {"Home": ["index.md"]},
    {"Tutorial": ["tutorial/first-change.md"]},
    {
        "How-to guides": [
            "how-to/index.md",
            "how-to/add-a-field.md",
            "how-to/add-an-endpoint.md",
            "how-to/add-an-entity.md",
            "how-to/write-a-revision.md",
            "how-to/write-a-gate.md",
            "how-to/add-a-dependency.md",
            "how-to/debug-one-test.md",
            "how-to/a-gate-said-no.md",
            "how-to/reset-the-database.md",
            "how-to/*",
            "contributing.md",
            "operations.md",
        ]
    },
    {
        "Reference": [
            "reference/index.md",
            "reference/commands.md",
            "development.md",
            "settings.md",
            "reference/rule-book.md",
            "reference/gates.md",
            "reference/problems.md",
            {"API": ["reference/api/index.md", "clients.md", "reference/api/*"]},
            "conventions.md",
            "testing.md",
            "requirements.md",
            "glossary.md",
            "changelog.md",
        ]
    },
    {
        "Explanation": [
            "explanation/index.md",
            "explanation/*",
            "faults.md",
            "performance.md",
            "scaling.md",
            "mutation.md",
            "soundness.md",
        ]
    },
    {"Decisions": ["decisions/index.md", "decisions/*"]},
]
"""All pages by place. A pattern matches the pages that no other entry names."""


def navigation(pages: Pages) -> list[Entry]:
    """Return the navigation with its patterns replaced by pages.

    Raises DocsError when an entry has no page, or a page has no entry.
    """
    named = [place for place in _places(NAVIGATION) if "*" not in place]
    missing = [place for place in named if place not in pages]
    if missing:
        raise DocsError(
            f"The navigation lists {', '.join(missing)}, which the site does not have. Remove it."
        )
    left = sorted({*pages} - {*named})
    result = [_expanded(entry, left) for entry in NAVIGATION]
    listed = {*_places(result)}
    unlisted = [place for place in left if place not in listed and not place.startswith(SOURCE_FOLDER)]
    if unlisted:
        raise DocsError(f"The navigation lacks {', '.join(unlisted)}. Add it to NAVIGATION in {__name__}.")
    return result


def as_toml(entry: Entry) -> str:
    """Return an entry as TOML."""
    if isinstance(entry, str):
        return json.dumps(entry)
    [(title, entries)] = entry.items()
    return f"{{ {json.dumps(title)} = [{', '.join(map(as_toml, entries))}] }}"


def _places(entries: Sequence[Entry]) -> list[str]:
    places: list[str] = []
    for entry in entries:
        if isinstance(entry, str):
            places.append(entry)
        else:
            places += [place for section in entry.values() for place in _places(section)]
    return places


def _expanded(entry: Entry, left: Sequence[str]) -> Entry:
    if isinstance(entry, str):
        return entry
    [(title, entries)] = entry.items()
    result: list[Entry] = []
    for each in entries:
        if isinstance(each, str) and "*" in each:
            result += [place for place in left if fnmatchcase(place, each)]
        else:
            result.append(_expanded(each, left))
    return {title: result}
