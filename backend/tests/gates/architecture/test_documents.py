"""Links and names of files in pages."""

import pytest

from gates.architecture.structure import check
from tests.gates.support.sample_project import SampleProject

PAGE = "docs/guide.md"


def messages(sample: SampleProject, page: str) -> list[tuple[int, str]]:
    """Return line and message of what the gate finds in a page."""
    sample.rule('"README.md" = ', '"docs/" = "guides"\n"README.md" = ').write(PAGE, page).commit()
    return [(found.line, found.message) for found in check(sample.project).findings if found.file == PAGE]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("# A\n\nSee [it](gone.md).\n", "the link to gone.md leads nowhere"),
        ("# A\n\nSee [it](../README.md#set-up).\n", "../README.md has no heading #set-up"),
        ("# A\n\nSee [it](#b).\n", "this page has no heading #b"),
        ("# A\n\nEdit `app/domain/gone.py`.\n", "app/domain/gone.py does not exist"),
        ("# A\n\nLook into `backend/gone/`.\n", "backend/gone/ does not exist"),
    ],
)
def test_refuses_page_when_it_names_something_missing(sample: SampleProject, page: str, message: str) -> None:
    assert messages(sample, page) == [(3, message)]


@pytest.mark.parametrize(
    "page",
    [
        "# A title, in short\n\n[top](#a-title-in-short), [site](https://a.es/x.md), [mail](mailto:a@b.es)\n",
        "# A\n\n`backend/app/main.py`, `app/main.py`, `app/domain/`, `routers/*.py`, `a/{b}.py`\n",
        "# A\n\n`reports/gates.json` and `.venv/bin/` appear later.\n",
        "# A\n\n```sh\ncat docs/gone.md `docs/gone.md` [x](gone.md)\n```\n",
    ],
)
def test_passes_page_when_all_that_it_names_exists(sample: SampleProject, page: str) -> None:
    assert messages(sample, page) == []


def test_passes_decision_when_it_names_a_former_file(sample: SampleProject) -> None:
    sample.write("docs/decisions/0001-then.md", "The code is in `app/domain/gone.py`.\n")

    assert messages(sample, "# A\n") == []
    assert check(sample.project).findings == []
