"""The export of an entity as a file, which `entity --exports` adds."""

from typing import Any

from scaffold.edits import Case, Edit, Element, ImportName, Statement
from scaffold.layout import EXPORTS_TEST
from scaffold.rendering import render
from scaffold.specification import Specification


def export_edits(spec: Specification, context: dict[str, Any]) -> dict[str, list[Edit]]:
    """Return the edits of the modules that list exports."""
    noun = spec.entity
    action = f"EXPORT_{noun.constant}"
    value = f'{action} = "{noun.path}:export"\n'
    queries = f"app.application.{noun.plural}_queries"
    return _outer(spec, context) | {
        "app/application/access.py": [
            Statement("Action", value),
            Element("POLICY", f"Action.{action}: Rule(Role.BOARD_MEMBER)"),
        ],
        "app/domain/audit.py": [Statement("AuditAction", value)],
        "app/application/exports.py": [
            ImportName(queries, f"{noun.pascal}Filter"),
            Statement(
                "ExportSource",
                f"def {noun.plural}(\n"
                f"    self, *, where: {noun.pascal}Filter, requested_by: MemberId\n"
                ") -> RowStream: ...\n",
                before="responses",
            ),
            Statement("", render("exports/use_case.py.jinja", context), before="export_responses"),
        ],
        "tests/unit/test_policy.py": [
            Element("MEANT_FOR", f"Action.{action}", key="Role.BOARD_MEMBER"),
            Element("USE_CASES", f"Action.{action}: [exports.export_{noun.plural}]"),
        ],
        "tests/unit/test_reads_and_exports.py": [
            Case(
                EXPORTS_TEST,
                f'(exports.export_{noun.plural}, "{noun.path}", "{noun.path}:export", {{}})',
            ),
        ],
    }


def _outer(spec: Specification, context: dict[str, Any]) -> dict[str, list[Edit]]:
    """Return the edits of infrastructure and presentation."""
    noun = spec.entity
    database = "app.infrastructure.database"
    schemas = "app.presentation.http.schemas"
    columns = f"tuple(column for column in {noun.singular.upper()} if column is not {noun.plural}.c.version)"
    return {
        "app/infrastructure/database/exports.py": [
            ImportName(f"app.application.{noun.plural}_queries", f"{noun.pascal}Filter"),
            ImportName(f"{database}.{noun.plural}", noun.plural),
            ImportName(f"{database}.{noun.plural}", f"{noun.singular}_not_removed"),
            *(
                ImportName(f"{database}.{noun.plural}_queries", name)
                for name in (noun.singular.upper(), f"{noun.singular.upper()}_CONDITIONS")
            ),
            Statement("", f"{noun.constant} = {columns}\n", after="MEMBERS"),
            Statement(
                "SqlAlchemyExportSource", render("exports/source.py.jinja", context), before="responses"
            ),
        ],
        "app/presentation/http/schemas/exports.py": [
            ImportName(f"{schemas}.{noun.plural}", f"{noun.pascal}FilterParams"),
            Statement("", render("exports/params.py.jinja", context)),
        ],
        "app/presentation/http/routers/exports.py": [
            ImportName(f"{schemas}.exports", f"{noun.pascal}ExportParams"),
            Statement("", render("exports/handler.py.jinja", context), before="export_responses"),
        ],
    }
