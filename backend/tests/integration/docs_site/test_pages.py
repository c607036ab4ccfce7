"""The pages of the site, their links and the navigation."""

from pathlib import Path

import pytest

from devtools.docs_site.errors import DocsError
from devtools.docs_site.navigation import NAVIGATION, as_toml, navigation
from devtools.docs_site.pages import Repository, collect
from devtools.postgres import PROJECT


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Two pages below docs/, one above, and a file that is not a page."""
    for path, text in {
        "CONTRIBUTING.md": "[Home](README.md), [guide](docs/how-to/README.md#start)\n",
        "README.md": "# Project\n",
        "deploy/.proxy.yaml": "port: 80\n",
        "docs/README.md": "# Home\n",
        "docs/how-to/README.md": "# Guides\n",
        ".agent/rules/techstack-backend.md": "# Rules\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return Repository(tmp_path)


def with_guide(repository: Repository, text: str) -> str:
    """Return the page of a guide with this text in the site."""
    (repository.root / "docs/how-to/guide.md").write_text(text, encoding="utf-8")
    return collect(repository, {})["how-to/guide.md"]


def test_readme_is_the_index_of_its_folder(repository: Repository) -> None:
    assert collect(repository, {}).keys() == {
        "index.md",
        "how-to/index.md",
        "contributing.md",
        "reference/rule-book.md",
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[a](README.md)", "[a](index.md)"),
        ("[a](../README.md#top)", "[a](../index.md#top)"),
        ("[a](../../README.md)", "[a](../index.md)"),
        ("[a](../../CONTRIBUTING.md)", "[a](../contributing.md)"),
        ("[a](../../.agent/rules/techstack-backend.md)", "[a](../reference/rule-book.md)"),
        ("[a](../../deploy/.proxy.yaml)", "[a](../files/deploy/proxy.yaml.md)"),
        ("[a](../how-to)", "[a](index.md)"),
        ("[a](#start)", "[a](#start)"),
        ("[a](https://vecinos.example/x)", "[a](https://vecinos.example/x)"),
        ("`[a](nothing.md)`", "`[a](nothing.md)`"),
        ("```\n[a](nothing.md)\n```", "```\n[a](nothing.md)\n```"),
    ],
)
def test_links_lead_to_places_in_the_site(repository: Repository, written: str, expected: str) -> None:
    assert with_guide(repository, written) == expected


def test_shows_a_linked_file_on_a_page_of_its_own(repository: Repository) -> None:
    (repository.root / "docs/README.md").write_text("[proxy](../deploy/.proxy.yaml)", encoding="utf-8")

    page = collect(repository, {})["files/deploy/proxy.yaml.md"]

    assert "# deploy/.proxy.yaml\n" in page
    assert "````yaml\nport: 80\n````" in page


def test_refuses_a_link_that_leads_nowhere(repository: Repository) -> None:
    with pytest.raises(DocsError, match=r"docs/how-to/guide\.md links to docs/how-to/gone\.md"):
        with_guide(repository, "[a](gone.md)")


def test_refuses_a_page_in_the_place_of_a_generated_one(repository: Repository) -> None:
    with pytest.raises(DocsError, match=r"docs/README\.md would replace the generated page index\.md"):
        collect(repository, {"index.md": ""})


def all_pages() -> dict[str, str]:
    """Return the pages that the navigation names, and one for each pattern."""
    sections = [place for section in NAVIGATION if isinstance(section, dict) for place in section.values()]
    named = [place for entries in sections for place in entries]
    places = [place for entry in named for place in (entry["API"] if isinstance(entry, dict) else [entry])]
    return {place.replace("*", "new.md"): "" for place in places if isinstance(place, str)}


def test_patterns_stand_for_pages_that_no_entry_names() -> None:
    [_, _, _, _, _, decisions] = navigation(all_pages() | {"decisions/0001-a.md": "", "files/a.md": ""})

    assert decisions == {"Decisions": ["decisions/index.md", "decisions/0001-a.md", "decisions/new.md"]}


def test_refuses_an_entry_without_a_page() -> None:
    pages = {place: text for place, text in all_pages().items() if place != "glossary.md"}

    with pytest.raises(DocsError, match=r"The navigation lists glossary\.md"):
        navigation(pages)


def test_refuses_a_page_without_an_entry() -> None:
    with pytest.raises(DocsError, match=r"The navigation lacks new\.md"):
        navigation(all_pages() | {"new.md": ""})


def test_writes_sections_as_toml() -> None:
    assert as_toml({"API": ["a.md", {"B": ["b.md"]}]}) == '{ "API" = ["a.md", { "B" = ["b.md"] }] }'


def test_places_every_page_of_the_repository() -> None:
    assert {"index.md", "settings.md", "testing.md"} <= {*Repository(PROJECT).places().values()}
