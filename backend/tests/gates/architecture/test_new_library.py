"""A new library: each gate that refuses a part of it names all parts, and they are enough."""

import re

import pytest

from gates.architecture import change_control, imports, stack
from tests.gates.cases.runner import cache_tool_runs
from tests.gates.support.parts.application import installed, lock
from tests.gates.support.sample_project import SampleProject

CODE = "backend/app/infrastructure/database/news.py"
STEPS = ("backend/requirements/runtime.in", "./noxw -s lock", "[stack] runtime", "docs/decisions/")
GATES = (imports.check, stack.check, change_control.check)


@pytest.fixture(autouse=True)
def _asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cache_tool_runs(monkeypatch)


def test_names_every_step_when_a_library_is_new(sample: SampleProject) -> None:
    sample.replace(CODE, "from sqlalchemy", "import structlog\nfrom sqlalchemy").append(
        CODE, "    log = structlog\n"
    )
    fixes = [finding.fix for gate in GATES for finding in gate(sample.project).findings]
    assert len(fixes) == 2
    assert [step for fix in fixes for step in STEPS if step not in fix] == []
    assert "[layers.infrastructure] libraries" in fixes[0]

    quoted = [
        text.replace("NAME", "structlog").replace("IMPORT", "structlog")
        for text in re.findall("`.+?`", fixes[0])
    ]
    sample.append("backend/requirements/runtime.in", "structlog\n")
    sample.rule('runtime = ["fastapi"', 'runtime = ["structlog", "fastapi"')
    sample.rule(
        'layers = ["application", "domain", "core"]\nlibraries = [',
        'layers = ["application", "domain", "core"]\nlibraries = ["structlog", ',
    )
    for name in ("runtime", "dev"):
        sample.append(f"backend/requirements/{name}.txt", lock("structlog==1.0"))
    sample.write(*installed("structlog==1.0").popitem())
    decision = f"# 2. Logs\n\n**Context.** X. **Decision.** {' '.join(quoted)}. **Consequences.** X.\n"
    sample.write("docs/decisions/0002-logs.md", decision)

    assert [finding.message for gate in GATES for finding in gate(sample.project).findings] == []
