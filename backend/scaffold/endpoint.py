"""The scaffold of an endpoint: a verb that changes the status of an entity, its use case, route and tests."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scaffold.edits import Edit, Element, ImportName, Statement, Text
from scaffold.errors import ScaffoldError
from scaffold.features import Feature, find_feature
from scaffold.plan import Plan
from scaffold.rendering import render, render_folder
from scaffold.specification import Verb, check_verb
from scaffold.syntax import code_of, find_definition

EXAMPLE = "./noxw -s endpoint -- news withdraw from:PUBLISHED to:ARCHIVED"


@dataclass(frozen=True)
class Change:
    """The verb, and the dates that it sets or clears.

    A date belongs to a status by its name: `published_at` to PUBLISHED. A verb that leads forward sets the
    date of its target; one that leads back clears the dates of the statuses that it leaves behind.
    """

    verb: Verb
    set: tuple[str, ...]
    cleared: tuple[str, ...]
    held: tuple[str, ...]
    """The dates that an entity has before the verb."""


def plan_endpoint(plan: Plan, plural: str, name: str, parts: Sequence[str]) -> None:
    """Add the files and edits of the endpoint to the plan. Raises ScaffoldError."""
    feature = find_feature(plan.root, plural)
    change = _change(feature, name, parts)
    verb, noun = change.verb, feature.noun
    context: dict[str, Any] = {
        "change": change,
        "verb": verb,
        "noun": noun,
        "Entity": noun.pascal,
        "entity": noun.singular,
        "entities": noun.plural,
        "ENTITIES": noun.constant,
        "Read": feature.read_schema,
        "action": feature.write_action,
    }
    for path, text in render_folder("endpoint", context, PLURAL=plural, VERB=verb.name):
        plan.add(f"backend/{path}", text)
    plan.add(
        f"changelog.d/+{verb.function.replace('_', '-')}.added.md",
        render("changelog/endpoint.md.jinja", context),
    )
    for path, edits in _edits(feature, change, context).items():
        plan.edit(f"backend/{path}", *edits)


def _edits(feature: Feature, change: Change, context: dict[str, Any]) -> dict[str, list[Edit]]:
    verb, noun = change.verb, feature.noun
    status = f"{noun.pascal}Status.{verb.source}"
    call = (
        f'("POST", {noun.constant} + "/{{id}}/{verb.path}"): route(3, Call(200, {noun.singular}({status})))'
    )
    return {
        f"app/domain/{noun.plural}.py": [
            *_precondition(feature, verb),
            Statement(noun.pascal, render("verb.py.jinja", context), before=r"remove|_\w+"),
        ],
        f"app/application/{noun.plural}.py": [
            Statement("", render("use_case.py.jinja", context), before=f"remove_{noun.singular}"),
        ],
        f"app/presentation/http/routers/{noun.plural}.py": [
            ImportName(feature.domain, verb.error),
            Statement("", render("handler.py.jinja", context)),
        ],
        f"tests/api/routes/{noun.plural}.py": [Element("ROUTES", call)],
        "tests/api/test_contract.py": [Element("VERBS", f'"{verb.name.split("_")[0]}"', key='"POST"')],
        "tests/unit/test_policy.py": [
            Element("USE_CASES", f"{noun.plural}.{verb.function}", key=feature.write_action),
        ],
    }


def _precondition(feature: Feature, verb: Verb) -> list[Edit]:
    """Return edits for the error: a new class, or a text that suits both verbs."""
    text = f"This is possible only while the status is {verb.source}."
    if find_definition(feature.module, verb.error):
        return [Text(f"{verb.error}.detail", text)]
    code = render(
        "precondition.py.jinja",
        {"verb": verb, "entity": feature.noun.singular, "Entity": feature.noun.pascal},
    )
    return [ImportName("app.domain.errors", "ConflictError"), Statement("", code, after=r"\w+Error")]


def _change(feature: Feature, name: str, parts: Sequence[str]) -> Change:
    check_verb(name)
    source, target = _direction(feature, name, parts)
    verb = Verb(name, feature.noun, source, target)
    if verb.method in feature.attributes(feature.noun.pascal):
        raise ScaffoldError(f"{feature.noun.pascal} has a method {verb.method} already. Use another verb.")
    statuses = feature.statuses
    here, there = statuses.index(source), statuses.index(target)
    attributes = feature.attributes(feature.noun.pascal)
    dates = {status: f"{status.lower()}_at" for status in statuses if f"{status.lower()}_at" in attributes}
    return Change(
        verb,
        set=tuple(date for status, date in dates.items() if status == target and there > here),
        cleared=tuple(date for status, date in dates.items() if there < statuses.index(status) <= here),
        held=tuple(date for status, date in dates.items() if statuses.index(status) <= here),
    )


def _direction(feature: Feature, name: str, parts: Sequence[str]) -> tuple[str, str]:
    """Return the status before and after. `unpublish` without them is the reverse of `publish`."""
    given = dict(part.split(":", 1) for part in parts if ":" in part)
    statuses = feature.statuses
    if not parts and name.startswith("un"):
        method = find_definition(feature.module, f"{feature.noun.pascal}.{name.removeprefix('un')}")
        code = code_of(method) if method else ""
        before = re.search(r"self\.status is not \w+\.(\w+)", code)
        after = re.search(r"self\.status = \w+\.(\w+)", code)
        if before and after:
            return after[1], before[1]
    if given.keys() != {"from", "to"} or len(given) != len(parts) or not {*given.values()} <= {*statuses}:
        raise ScaffoldError(
            f"Say from which status to which {name!r} leads, such as {EXAMPLE}. "
            f"{feature.noun.pascal} has these: {', '.join(statuses) or 'none, so add a status first'}."
        )
    if given["from"] == given["to"]:
        raise ScaffoldError("A verb leads from one status to another one. Change from: or to:.")
    return given["from"], given["to"]
