"""An entity as the command line describes it."""

import keyword
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scaffold.errors import ScaffoldError
from scaffold.fields import Field, Kind, parse_choices, parse_field
from scaffold.names import Noun, check_name, noun, pascal, words

EXAMPLE = (
    "./noxw -s entity -- tool_loan title:text200 days:int1-30 due_on:date? status:OPEN,RETURNED verb:return "
    "owner:borrower"
)
STANDARD_VERBS = {"create", "edit", "list", "read", "remove"}
MAX_FIELDS = 15
"""Functions have at most 40 lines, and some have a line for each field."""


@dataclass(frozen=True)
class Verb:
    """A change of status: what the entity, the use case and the route are called, and the precondition."""

    name: str
    entity: Noun
    source: str
    target: str

    @property
    def method(self) -> str:
        """The method of the entity; keywords such as `return` take an underscore (PEP 8)."""
        return f"{self.name}_" if keyword.iskeyword(self.name) else self.name

    @property
    def function(self) -> str:
        return f"{self.name}_{self.entity.singular}"

    @property
    def path(self) -> str:
        return self.name.replace("_", "-")

    @property
    def words(self) -> str:
        return words(self.name)

    @property
    def error(self) -> str:
        return f"{self.entity.pascal}Not{pascal(self.source.lower())}Error"


@dataclass(frozen=True)
class Specification:
    """The entity to generate. `owner` is the member who creates the entity, such as `borrower`."""

    entity: Noun
    fields: tuple[Field, ...]
    statuses: tuple[str, ...]
    verbs: tuple[Verb, ...]
    owner: str
    exports: bool = False

    @property
    def closed_error(self) -> str:
        """The error of changes in the last status."""
        return f"{self.entity.pascal}{pascal(self.statuses[-1].lower())}Error"

    @property
    def edited(self) -> Field:
        """The field that tests change: the first required one."""
        return next((field for field in self.fields if not field.optional), self.fields[0])

    def has(self, *kinds: Kind) -> bool:
        return any(field.kind in kinds for field in self.fields)


def parse_entity(
    name: str, arguments: Sequence[str], *, plural: str | None = None, exports: bool = False
) -> Specification:
    """Read `NAME FIELD… [status:A,B verb:C] owner:NAME`. Raises ScaffoldError."""
    entity = noun(name, plural)
    options: dict[str, list[str]] = {"status": [], "verb": [], "owner": []}
    fields = []
    for argument in arguments:
        key, _, value = argument.partition(":")
        if key in options:
            options[key].append(value)
        else:
            fields.append(parse_field(argument, entity.pascal))
    if not fields:
        raise ScaffoldError(f"An entity needs a field. Example: {EXAMPLE}")
    names = [field.name for field in fields]
    if len(set(names)) < len(names) or len(names) > MAX_FIELDS:
        raise ScaffoldError(f"Give each field once, and at most {MAX_FIELDS} fields.")
    statuses = _parse_statuses(options["status"])
    verbs = _parse_verbs(entity, options["verb"], statuses)
    owner = _parse_owner(options["owner"], names)
    return Specification(entity, tuple(fields), statuses, verbs, owner, exports)


def _parse_statuses(given: list[str]) -> tuple[str, ...]:
    if len(given) > 1:
        raise ScaffoldError(
            "Give all statuses in one option, in the order of the entity's life: status:OPEN,RETURNED."
        )
    return parse_choices(f"status:{given[0]}", given[0]) if given else ()


def _parse_verbs(entity: Noun, names: list[str], statuses: Sequence[str]) -> tuple[Verb, ...]:
    """Each verb leads from one status to the next."""
    if len(names) != max(len(statuses) - 1, 0) or len(set(names)) < len(names):
        raise ScaffoldError(
            "Each verb leads from one status to the next, so there is one verb fewer than statuses, such as "
            "status:OPEN,RETURNED verb:return. Add other changes of status with ./noxw -s endpoint."
        )
    for name in names:
        check_verb(name)
    steps = zip(names, pairwise(statuses), strict=True)
    return tuple(Verb(name, entity, source, target) for name, (source, target) in steps)


def check_verb(name: str) -> None:
    """Raises ScaffoldError. Keywords are allowed: the method takes an underscore."""
    check_name(name.replace("return", "give_back") if name == "return" else name, "a verb", "verb:return")
    if name in STANDARD_VERBS:
        raise ScaffoldError(
            f"{name!r} is generated for every entity. Use a verb of the domain, such as verb:return."
        )


def _parse_owner(given: list[str], fields: Sequence[str]) -> str:
    if len(given) != 1:
        raise ScaffoldError(
            "Say once who the member is that creates the entity, such as owner:author: the rows are personal "
            "data, which members can read and erase."
        )
    check_name(given[0], "an owner", "owner:borrower")
    if f"{given[0]}_id" in fields:
        raise ScaffoldError(f"The owner makes the column {given[0]}_id. Do not give it as a field.")
    return given[0]
