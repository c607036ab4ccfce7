"""The scaffold of a field: an optional value of an entity, in every layer, with its tests."""

from datetime import date
from typing import Any

from scaffold.edits import Argument, Edit, Element, ImportName, Statement
from scaffold.errors import ScaffoldError
from scaffold.features import LIFE, Feature, find_feature
from scaffold.fields import Field, Kind, parse_field
from scaffold.plan import Plan
from scaffold.rendering import render, render_folder
from scaffold.revisions import next_revision
from scaffold.samples import samples_of


def plan_field(plan: Plan, plural: str, argument: str, *, today: date) -> None:
    """Add the files and edits of the field to the plan. Raises ScaffoldError."""
    feature = find_feature(plan.root, plural)
    field = parse_field(argument, feature.noun.pascal)
    _require_possible(feature, field)
    noun = feature.noun
    slug = f"{noun.singular}_{field.name}"
    context: dict[str, Any] = {
        "field": field,
        "samples": samples_of(field),
        "noun": noun,
        "Entity": noun.pascal,
        "entity": noun.singular,
        "entities": noun.plural,
        "ENTITIES": noun.constant,
        "revision": next_revision(plan.root, slug),
    }
    names = {"PLURAL": plural, "FIELD": field.name, "DATE": today.isoformat(), "SLUG": slug}
    for path, text in render_folder("field", context, **names):
        plan.add(f"backend/{path}", text)
    plan.add(f"changelog.d/+{slug.replace('_', '-')}.added.md", render("changelog/field.md.jinja", context))
    edits = {f"app/domain/{plural}.py": _domain(feature, field, context)} | _adapters(feature, field, context)
    for path, changes in edits.items():
        plan.edit(f"backend/{path}", *changes)


def _require_possible(feature: Feature, field: Field) -> None:
    if not field.optional:
        raise ScaffoldError(
            f"A required field breaks the requests of clients, and existing rows have no value for it. Add a "
            f"question mark, as in {field.name}:text200?, or follow docs/how-to/add-a-field.md by hand."
        )
    if field.kind is Kind.CHOICE:
        raise ScaffoldError(
            "A new enumeration of existing rows needs a check that is validated later. Follow "
            "docs/how-to/write-a-revision.md by hand."
        )
    if field.name in feature.attributes(feature.noun.pascal):
        raise ScaffoldError(f"{feature.noun.pascal} has {field.name} already. Use another name.")


def _domain(feature: Feature, field: Field, context: dict[str, Any]) -> list[Edit]:
    entity, name = feature.noun.pascal, field.name
    attribute = f"{name}: {field.annotation}\n"
    edits: list[Edit] = [
        *_type_imports(field),
        Statement(f"{entity}Draft", f"{name}: {field.annotation} = None\n"),
        Statement(f"{entity}Changes", attribute),
        Statement(entity, attribute, before=LIFE),
        Argument(f"{entity}.create", "cls", f"{name}=draft.{name}", after=r"\w+=draft\.\w+"),
        Statement(
            f"{entity}.edit", f'self.{name} = changes.get("{name}", self.{name})\n', after=r"self\.\w+"
        ),
    ]
    if field.is_checked:
        edits += [
            ImportName("app.domain.errors", "RuleViolationError"),
            Statement("", render("rule_error.py.jinja", context), after=r"\w+Error"),
            Statement(entity, render("limits.py.jinja", context), before="create"),
            Statement(f"{entity}._check", render("rule_statement.py.jinja", context)),
        ]
    if field.is_text:
        edits.append(ImportName("app.domain.texts", field.text_check))
    return edits


def _adapters(feature: Feature, field: Field, context: dict[str, Any]) -> dict[str, list[Edit]]:
    """Return the edits of the other layers: read model, table, schemas and router."""
    plural, entity = feature.plural, feature.noun.pascal
    queries = f"app/application/{plural}_queries.py"
    view = f"{entity}View"
    column = f'Column("{field.name}", {field.column_type})'
    last = feature.draft_fields[-1]
    edits: dict[str, list[Edit]] = {
        queries: [
            *_type_imports(field),
            Statement(view, f"{field.name}: {field.annotation}\n", before=_before(feature, queries, view)),
        ],
        f"app/infrastructure/database/{plural}.py": [
            ImportName("sqlalchemy", field.column_type.partition("(")[0]),
            Argument(plural, "Table", column, after=rf'(?s)Column\(\s*"{last}".*'),
        ],
        f"app/presentation/http/schemas/{plural}.py": _schemas(feature, field, context),
    }
    if field.is_checked:
        edits[f"app/presentation/http/routers/{plural}.py"] = [
            ImportName(feature.domain, field.error),
            Element("VALIDATION_ERRORS", field.error),
        ]
    return edits


def _schemas(feature: Feature, field: Field, context: dict[str, Any]) -> list[Edit]:
    name, prefix = field.name, feature.schema_prefix
    path = f"app/presentation/http/schemas/{feature.plural}.py"
    patch = f"{name}: {field.request_type} | MISSING | None = MISSING\n"
    before = _before(feature, path, f"{prefix}Read")
    return [
        *_type_imports(field),
        *_request_type(field, context),
        Statement(f"{prefix}Create", f"{name}: {field.request_annotation} = None\n", before="to_draft"),
        Argument(f"{prefix}Create.to_draft", f"{feature.noun.pascal}Draft", f"{name}=self.{name}"),
        Statement(f"{prefix}Update", patch, before="to_changes"),
        Statement(f"{prefix}Read", f"{name}: {field.annotation}\n", before=before),
    ]


def _type_imports(field: Field) -> list[Edit]:
    if field.kind is Kind.DECIMAL:
        return [ImportName("decimal", "Decimal")]
    return [ImportName("datetime", field.kind.value)] if field.kind in {Kind.DATE, Kind.DATETIME} else []


def _request_type(field: Field, context: dict[str, Any]) -> list[Edit]:
    base = "app.presentation.http.schemas.base"
    if not field.is_checked:
        names = [field.request_type] if field.request_type != field.domain_type else []
        return [ImportName(base, name) for name in names]
    imports = [ImportName(base, field.text_form)] if field.is_text else []
    return [*imports, Statement("", render("request_type.py.jinja", context), before=r"\w+Create")]


def _before(feature: Feature, path: str, place: str) -> str:
    """Return the pattern of what follows, "" for a read model that inherits it."""
    names = feature.names(path, place)
    return LIFE if {"status", "created_at"} & {*names} else ""
