"""The scaffold of an entity: new files from templates, and its lines in the modules that list features."""

from datetime import date
from typing import Any

from scaffold.edits import Argument, Case, Edit, Element, ImportName, Statement
from scaffold.exporting import export_edits
from scaffold.layout import READS_TEST
from scaffold.plan import Plan
from scaffold.rendering import render, render_folder
from scaffold.revisions import next_revision
from scaffold.specification import Specification

Edits = dict[str, list[Edit]]


def context_of(spec: Specification) -> dict[str, Any]:
    """Return the names that the templates of an entity use."""
    noun = spec.entity
    statuses = [f"{noun.pascal}Status"] if spec.statuses else []
    choices = [field.domain_type for field in spec.fields if field.choices]
    return {
        "spec": spec,
        "noun": noun,
        "Entity": noun.pascal,
        "entity": noun.singular,
        "entities": noun.plural,
        "ENTITY": noun.singular.upper(),
        "ENTITIES": noun.constant,
        "Read": f"{noun.pascal}Read",
        "path": noun.path,
        "owner": spec.owner,
        "owner_words": spec.owner.replace("_", " "),
        "fields": spec.fields,
        "checked": [field for field in spec.fields if field.is_checked],
        "optional": [field for field in spec.fields if field.optional],
        "choices": choices,
        "enums": [*statuses, *choices],
        "edited": spec.edited,
        "statuses": spec.statuses,
        "verbs": spec.verbs,
        "action": f"Action.WRITE_{noun.constant}",
    }


def plan_entity(plan: Plan, spec: Specification, *, today: date) -> None:
    """Add the files and edits of the entity to the plan. Raises ScaffoldError."""
    noun = spec.entity
    context = context_of(spec) | {"revision": next_revision(plan.root, noun.plural)}
    for path, text in render_folder("entity", context, PLURAL=noun.plural, DATE=today.isoformat()):
        plan.add(f"backend/{path}", text)
    plan.add(f"changelog.d/+{noun.path}.added.md", render("changelog/entity.md.jinja", context))
    edits = _application(spec) | _infrastructure(spec) | _presentation(spec) | _tests(spec) | _fakes(spec)
    for path, changes in edits.items():
        plan.edit(f"backend/{path}", *changes)
    if spec.exports:
        for path, text in render_folder("exports_tests", context, PLURAL=noun.plural):
            plan.add(f"backend/{path}", text)
        for path, changes in export_edits(spec, context).items():
            plan.edit(f"backend/{path}", *changes)


def _application(spec: Specification) -> Edits:
    noun = spec.entity
    repository = f"{noun.pascal}Repository"
    return {
        "app/application/access.py": [
            Statement(
                "Action",
                f'READ_{noun.constant} = "{noun.path}:read"\nWRITE_{noun.constant} = "{noun.path}:write"',
            ),
            Element("POLICY", f"Action.READ_{noun.constant}: Rule(Role.MEMBER)"),
            Element("POLICY", f"Action.WRITE_{noun.constant}: Rule(Role.BOARD_MEMBER)"),
        ],
        "app/application/unit_of_work.py": [
            ImportName(f"app.domain.{noun.plural}", repository),
            Statement(
                "UnitOfWork", f"@property\ndef {noun.plural}(self) -> {repository}: ...", before="audit"
            ),
        ],
    }


def _infrastructure(spec: Specification) -> Edits:
    noun = spec.entity
    database = "app.infrastructure.database"
    repository = f"SqlAlchemy{noun.pascal}Repository"
    return {
        "app/infrastructure/database/unit_of_work.py": [
            ImportName(f"{database}.{noun.plural}", repository),
            Statement(
                "SqlAlchemyUnitOfWork.__aenter__",
                f"self.{noun.plural} = {repository}(session)",
                before=r"self\.audit",
            ),
        ],
        "app/infrastructure/database/tables.py": [
            ImportName(database, noun.plural),
            Element("TABLES", f"{noun.plural}.{noun.plural}"),
        ],
        "app/infrastructure/database/personal_data.py": [
            ImportName(f"{database}.{noun.plural}", noun.plural),
            Element(
                "PERSONAL_DATA",
                f"PersonalDataTable(table={noun.plural}, owners=({noun.plural}.c.{spec.owner}_id,))",
            ),
        ],
    }


def _presentation(spec: Specification) -> Edits:
    noun = spec.entity
    queries = f"{noun.pascal}Queries"
    attribute = f"{noun.singular}_queries"
    routers = "app.presentation.http.routers"
    return {
        "app/presentation/http/dependencies.py": [
            ImportName(f"app.application.{noun.plural}_queries", queries),
            Statement("Dependencies", f"{attribute}: {queries}", after=r"\w+_queries"),
            Statement(
                "",
                f'{queries}Dep = Annotated[{queries}, provide(attrgetter("{attribute}"))]',
                after=r"\w+QueriesDep",
            ),
        ],
        "app/main.py": [
            ImportName(f"app.infrastructure.database.{noun.plural}_queries", f"SqlAlchemy{queries}"),
            Argument(
                "create_dependencies",
                "Dependencies",
                f"{attribute}=SqlAlchemy{queries}(reads)",
                after=r"\w+_queries *= *\w+\(reads.*\)",
            ),
        ],
        "app/presentation/http/routers/__init__.py": [
            ImportName(routers, noun.plural),
            Element("ROUTERS", f"{noun.plural}.router", after=r"consultations\.router"),
        ],
    }


def _tests(spec: Specification) -> Edits:
    noun = spec.entity
    writes = ["create", "edit", *(verb.name for verb in spec.verbs), "remove"]
    reads = f"{noun.plural}.list_{noun.plural}, {noun.plural}.read_{noun.singular}"
    written = ", ".join(f"{noun.plural}.{verb}_{noun.singular}" for verb in writes)
    listed = f'("list_{noun.plural}", (), {{"where": WHERE, "page": PAGE}})'
    edits: Edits = {
        "tests/unit/test_policy.py": [
            ImportName("app.application", noun.plural),
            Element("MEANT_FOR", f"Action.READ_{noun.constant}", key="Role.MEMBER"),
            Element("MEANT_FOR", f"Action.WRITE_{noun.constant}", key="Role.BOARD_MEMBER"),
            Element("USE_CASES", f"Action.READ_{noun.constant}: [{reads}]"),
            Element("USE_CASES", f"Action.WRITE_{noun.constant}: [{written}]"),
        ],
        "tests/unit/test_reads_and_exports.py": [
            ImportName("app.application", noun.plural),
            Case(READS_TEST, f"({noun.plural}.list_{noun.plural}, (WHERE, PAGE), {listed})"),
            Case(
                READS_TEST,
                f'({noun.plural}.read_{noun.singular}, (ID,), ("get_{noun.singular}", (ID,), {{}}))',
            ),
        ],
        "tests/api/routes/__init__.py": [
            ImportName("tests.api.routes", noun.plural),
            Element("ROUTES", f"**{noun.plural}.ROUTES"),
        ],
        "tests/support/http.py": [
            Statement("", f'{noun.constant} = f"{{API}}/{noun.path}"', after="EXPORTS"),
        ],
    }
    verbs = [Element("VERBS", f'"{verb.name.split("_")[0]}"', key='"POST"') for verb in spec.verbs]
    return edits | ({"tests/api/test_contract.py": [*verbs]} if verbs else {})


def _fakes(spec: Specification) -> Edits:
    noun = spec.entity
    domain = f"app.domain.{noun.plural}"
    fake = f"InMemory{noun.pascal}Repository"
    context = context_of(spec)
    enums = [field.domain_type for field in spec.fields if field.choices and not field.optional]
    return {
        "tests/factories.py": [
            *(ImportName(domain, name) for name in (noun.pascal, f"{noun.pascal}Draft", *enums)),
            ImportName("datetime", "date"),
            ImportName("decimal", "Decimal"),
            Statement("", render("factory.py.jinja", context), after="make_event"),
        ],
        "tests/fakes/store.py": [
            ImportName(domain, noun.pascal),
            Statement(
                "InMemoryStore.__init__",
                f"self.{noun.plural}: dict[UUID, {noun.pascal}] = {{}}",
                before=r"self\.audit",
            ),
        ],
        "tests/fakes/unit_of_work.py": [
            ImportName(f"tests.fakes.{noun.plural}", fake),
            Statement(
                "InMemoryUnitOfWork.__aenter__",
                f"self.{noun.plural} = {fake}(copy.{noun.plural})",
                before=r"self\.audit",
            ),
        ],
        "tests/fakes/versions.py": [
            ImportName(domain, noun.pascal),
            Argument("Aggregate", "TypeVar", noun.pascal),
            Element("VERSIONED", f'"{noun.plural}"'),
        ],
    }
