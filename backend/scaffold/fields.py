"""Fields as the command line describes them: `title:text200`, `days:int1-30`, `due_on:date?`."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial

from pydantic import BaseModel

from scaffold.errors import ScaffoldError
from scaffold.layout import ONE_LINE, SEVERAL_LINES
from scaffold.names import check_name, pascal, words

EXAMPLES = (
    "title:text200, notes:lines2000, days:int1-30, price:decimal0.00-999.99, fragile:bool, due_on:date?, "
    "due_at:datetime?, size:SMALL,LARGE"
)
RESERVED = {
    *("created_at", "deleted_at", "updated_at", "version", "id", "status", "sort", "limit", "cursor"),
    *(
        "annotated",
        "cast",
        "count",
        "create",
        "day",
        "edit",
        "field",
        "instant",
        "page_of",
        "page_params",
        "remove",
    ),
    *("text", "texts", "token", "password", "full_name", "value", "username", "client"),
    *dir(BaseModel),
}
"""Names that every entity or schema uses already, or that tests take for secrets."""

_TEXT = re.compile(r"(text|lines)([1-9][0-9]{0,5})")
_INTEGER = re.compile(r"int(-?[0-9]{1,9})-([0-9]{1,9})")
_DECIMAL = re.compile(r"decimal(-?[0-9]{1,9}\.[0-9]{1,4})-([0-9]{1,9}\.[0-9]{1,4})")
_CHOICES = re.compile(r"[A-Z][A-Z0-9_]{0,19}(,[A-Z][A-Z0-9_]{0,19})+")


class Kind(StrEnum):
    TEXT = "text"
    LINES = "lines"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"


_SIMPLE = {"bool": Kind.BOOLEAN, "date": Kind.DATE, "datetime": Kind.DATETIME}


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of an entity, and how each layer spells its type.

    `low` and `high` are the limits of a number, which has `places` decimal places; `high` is also the length
    of a text in characters.
    """

    entity: str
    name: str
    kind: Kind
    optional: bool = False
    low: Decimal | int = 1
    high: Decimal | int = 0
    places: int = 0
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ScaffoldError if the limits are in the wrong order."""
        if self.is_number and self.low > self.high:
            kind = "decimal" if self.kind is Kind.DECIMAL else "int"
            raise ScaffoldError(
                f"The least value of {self.name} comes first. Write {self.name}:{kind}{self.high}-{self.low}."
            )

    @property
    def pascal(self) -> str:
        return pascal(self.name)

    @property
    def constant(self) -> str:
        return self.name.upper()

    @property
    def words(self) -> str:
        return words(self.name)

    @property
    def error(self) -> str:
        return f"{self.entity}{self.pascal}Error"

    @property
    def is_checked(self) -> bool:
        """True when the entity has a rule about the value."""
        return self.is_text or self.is_number

    @property
    def is_number(self) -> bool:
        """True for integers and decimals."""
        return self.kind in {Kind.INTEGER, Kind.DECIMAL}

    @property
    def is_text(self) -> bool:
        """True for texts of one line and of several."""
        return self.kind in {Kind.TEXT, Kind.LINES}

    @property
    def text_check(self) -> str:
        """The function of app.domain.texts that checks the text and returns its normal form."""
        return SEVERAL_LINES if self.kind is Kind.LINES else ONE_LINE

    @property
    def text_form(self) -> str:
        """The type of app.presentation.http.schemas.base for the text."""
        return "MultilineText" if self.kind is Kind.LINES else "Text"

    @property
    def rule(self) -> str:
        """The rule as a sentence for users."""
        if self.is_text:
            return f"The {self.words} has 1 to {self.high:,} characters."
        if self.kind is Kind.DECIMAL:
            return (
                f"The value is a number from {self.low:,} to {self.high:,} with {self.places} decimal places."
            )
        return f"The value is a whole number from {self.low:,} to {self.high:,}."

    @property
    def domain_type(self) -> str:
        names = {
            Kind.TEXT: "str",
            Kind.LINES: "str",
            Kind.INTEGER: "int",
            Kind.DECIMAL: "Decimal",
            Kind.BOOLEAN: "bool",
            Kind.CHOICE: f"{self.entity}{self.pascal}",
        }
        return names.get(self.kind, self.kind.value)

    @property
    def annotation(self) -> str:
        return self._or_none(self.domain_type)

    @property
    def request_type(self) -> str:
        """The type in requests, where form is validated."""
        if self.is_checked:
            return self.pascal
        return {Kind.DATE: "Day", Kind.DATETIME: "Instant"}.get(self.kind, self.domain_type)

    @property
    def request_annotation(self) -> str:
        return self._or_none(self.request_type)

    @property
    def column_type(self) -> str:
        """The type of the column in SQLAlchemy."""
        if self.kind is Kind.CHOICE:
            return (
                f"Enum({self.domain_type}, native_enum=False, create_constraint=True, "
                f'name="{self.name}", length=20)'
            )
        if self.is_text:
            return "Text"
        if self.kind is Kind.DECIMAL:
            return f"Numeric({self.digits}, {self.places})"
        return {Kind.DATETIME: "DateTime(timezone=True)"}.get(self.kind, self.kind.capitalize())

    @property
    def revision_type(self) -> str:
        """The type of the column in a revision, which does not know the models."""
        if self.kind is Kind.CHOICE:
            return "sa.String(20)"
        return f"sa.{self.column_type}" if "(" in self.column_type else f"sa.{self.column_type}()"

    @property
    def digits(self) -> int:
        """The number of digits of the limits."""
        return max(len(str(limit).strip("-").replace(".", "")) for limit in (self.low, self.high))

    def _or_none(self, name: str) -> str:
        return f"{name} | None" if self.optional else name


def parse_field(argument: str, entity: str) -> Field:
    """Read `name:type`. Raises ScaffoldError for a name or a type that cannot be generated."""
    name, _, kind = argument.partition(":")
    check_name(name, "a field", "due_on:date?")
    if name in RESERVED or name.startswith("model_"):
        raise ScaffoldError(f"{name!r} is taken: entities or schemas use it already. Use another name.")
    make = partial(Field, entity=entity, name=name, optional=kind.endswith("?"))
    kind = kind.removesuffix("?")
    if found := _TEXT.fullmatch(kind):
        return make(kind=Kind(found[1]), high=int(found[2]))
    if found := _INTEGER.fullmatch(kind):
        return make(kind=Kind.INTEGER, low=int(found[1]), high=int(found[2]))
    if found := _DECIMAL.fullmatch(kind):
        low, high = Decimal(found[1]), Decimal(found[2])
        return make(kind=Kind.DECIMAL, low=low, high=high, places=_places(argument, low, high))
    if kind in _SIMPLE:
        return make(kind=_SIMPLE[kind])
    if kind.isupper():
        return make(kind=Kind.CHOICE, choices=parse_choices(argument, kind))
    raise ScaffoldError(f"{argument!r} has an unknown type. Write a field like one of these: {EXAMPLES}.")


def _places(argument: str, low: Decimal, high: Decimal) -> int:
    """Return the number of decimal places of both limits. Raises ScaffoldError if they differ."""
    places = [len(str(limit).partition(".")[2]) for limit in (low, high)]
    if places[0] != places[1]:
        raise ScaffoldError(f"{argument!r}: write both limits with the same number of decimal places.")
    return places[0]


def parse_choices(argument: str, text: str) -> tuple[str, ...]:
    """Read `OPEN,RETURNED`. Raises ScaffoldError."""
    choices = tuple(text.split(","))
    if not _CHOICES.fullmatch(text) or len(set(choices)) < len(choices):
        raise ScaffoldError(
            f"{argument!r}: write at least two different values in capitals, separated by commas, such as "
            "OPEN,RETURNED."
        )
    return choices
