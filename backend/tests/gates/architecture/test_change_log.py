"""Entries of the change log."""

import pytest

from gates.architecture.structure import check
from tests.gates.support.sample_project import SampleProject

README, PYPROJECT = "changelog.d/README.md", "backend/pyproject.toml"
CONTRACT, SETTINGS = "backend/openapi.json", "docs/settings.md"


@pytest.fixture
def logged(sample: SampleProject) -> SampleProject:
    """A branch of a project with a change log, a contract and a page of settings."""
    listed = "".join(f'"{name}" = "kept"\n' for name in ("docs/", "changelog.d/", "CHANGELOG.md", CONTRACT))
    sample.rule('"README.md" = ', f'{listed}"README.md" = ')
    sample.append(PYPROJECT, "\n[tool.towncrier]\nfragment = { added = {}, fixed = {} }\n")
    sample.write(README).write("CHANGELOG.md").write(CONTRACT, "{}\n").write(
        SETTINGS, "# Settings\n"
    ).commit()
    sample.git("branch", "--force", "main")
    return sample


def findings(sample: SampleProject) -> list[tuple[str, str]]:
    sample.commit()
    return [(found.file, found.message) for found in check(sample.project).findings]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (CONTRACT, "the contract changed, and no entry of the change log says so"),
        (SETTINGS, "the settings changed, and no entry of the change log says so"),
    ],
)
def test_refuses_change_when_it_has_no_entry(logged: SampleProject, file: str, message: str) -> None:
    logged.append(file, "\n").write(README, "How.\n")

    assert findings(logged) == [(file, message)]


@pytest.mark.parametrize("entry", ["changelog.d/+search.added.md", "CHANGELOG.md"])
def test_passes_change_when_it_has_an_entry_or_is_a_release(logged: SampleProject, entry: str) -> None:
    logged.append(CONTRACT, "\n").write(entry, "Members can search.\n")

    assert findings(logged) == []


def test_passes_change_when_nobody_outside_notices(logged: SampleProject) -> None:
    logged.append("README.md", "\n")

    assert findings(logged) == []


@pytest.mark.parametrize("name", ["search.added.md", "+search.md", "+search.new.md", "+Search.added.md"])
def test_refuses_entry_when_towncrier_would_not_read_it(logged: SampleProject, name: str) -> None:
    logged.write(f"changelog.d/{name}", "Members can search.\n")

    assert findings(logged) == [(f"changelog.d/{name}", "towncrier does not read a file of this name")]


def test_passes_contract_when_it_is_published_for_the_first_time(sample: SampleProject) -> None:
    sample.rule('"README.md" = ', '"changelog.d/" = "entries"\n"backend/openapi.json" = "it"\n"README.md" = ')
    sample.append(PYPROJECT, "\n[tool.towncrier]\nfragment = { added = {} }\n").write(README).commit()
    sample.git("branch", "--force", "main")
    sample.write(CONTRACT, "{}\n")

    assert findings(sample) == []
