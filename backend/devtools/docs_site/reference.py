"""The pages that are generated from the code, at their places in the site."""

from functools import partial

from app.core.settings import Environment, Settings
from app.main import create_app
from app.presentation.http.problems import problem_types
from devtools.docs_site.api_pages import api_pages
from devtools.docs_site.commands_page import commands_page
from devtools.docs_site.faults_page import faults_page
from devtools.docs_site.gates_page import gates_page
from devtools.docs_site.pages import Pages, Renderer, Repository
from devtools.docs_site.problems_page import problems_page
from devtools.docs_site.rule_book_page import rule_book_page
from devtools.docs_site.sessions import Session
from devtools.postgres import PROJECT
from gates.model import Project
from gates.rulebook import PATH

RENDERERS: dict[str, Renderer] = {
    PATH: rule_book_page,
    "docs/faults.md": partial(faults_page, report=PROJECT / "reports/faults.json"),
}
"""Files of the repository whose text differs in the site."""
INDEX = """# Reference

These pages describe what exists. Some are generated from the code whenever the site is built.

| page | describes | generated from |
|---|---|---|
| [Commands](commands.md) | every session and its options | `noxfile.py` and the programs |
| [Development settings](../development.md) | environment variables of the sessions | |
| [Settings](../settings.md) | environment variables of the application | `app/core/settings.py` |
| [Rule book](rule-book.md) | the rules, and each key of their block | the rule book |
| [Gates](gates.md) | why each gate exists, what it refuses and accepts | `gates/` and its test cases |
| [Problems](problems.md) | every error code | the error table |
| [API](api/index.md) | every request, its parameters, bodies and errors | the OpenAPI document |
| [Notes for writers of clients](../clients.md) | what the contract cannot express | |
| [Conventions](../conventions.md) | names, types and columns | |
| [How tests are written](../testing.md) | rules of tests that no gate can check | |
| [Locked dependencies](../requirements.md) | locks and their files | |
| [Glossary](../glossary.md) | words with a meaning of their own | |
| [Change log](../changelog.md) | changes by version | |
"""


def generated_pages(repository: Repository, sessions: list[Session]) -> Pages:
    """Return the generated pages."""
    project = Project(root=repository.root)
    contract = create_app(Settings(environment=Environment.TEST)).openapi()
    return {
        "reference/index.md": INDEX,
        "reference/commands.md": commands_page(sessions, project.rulebook.block),
        "reference/gates.md": gates_page(project),
        "reference/problems.md": problems_page(contract, problem_types()),
        **api_pages(contract),
    }
