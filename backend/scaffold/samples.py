"""Values of fields for generated tests, as Python source and as JSON."""

import json
from dataclasses import dataclass

from scaffold.fields import Field, Kind


@dataclass(frozen=True)
class Value:
    """One value in both spellings; `python` uses the names NOW and timedelta for instants."""

    python: str
    json: str


@dataclass(frozen=True)
class Samples:
    """Values of a field. `first` and `second` differ; the domain refuses those of `refused`.

    `edges` are the values that are just allowed.
    """

    first: Value
    second: Value
    refused: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()


def samples_of(field: Field) -> Samples:
    if field.kind is Kind.TEXT:
        text = field.words.capitalize()[: field.high]
        other = f"New {field.words}"[: field.high]
        too_long, blanks = f'"x" * {field.high + 1}', ('""', '" \\t "')
        return Samples(_literal(text), _literal(other), (*blanks, too_long), (f'"x" * {field.high}', '"x"'))
    if field.kind is Kind.INTEGER:
        low, high = str(field.low), str(field.high)
        beyond = (str(field.low - 1), str(field.high + 1))
        return Samples(Value(low, low), Value(high, high), beyond, (low, high))
    if field.kind is Kind.BOOLEAN:
        return Samples(Value("False", "False"), Value("True", "True"))
    if field.kind is Kind.DATE:
        return Samples(Value("date(2026, 12, 5)", '"2026-12-05"'), Value("date(2026, 12, 6)", '"2026-12-06"'))
    if field.kind is Kind.DATETIME:
        return Samples(
            Value("NOW + timedelta(days=1)", '"2026-11-23T09:30:00Z"'),
            Value("NOW + timedelta(days=2)", '"2026-11-24T09:30:00Z"'),
        )
    first, second = field.choices[:2]
    return Samples(
        Value(f"{field.domain_type}.{first}", f'"{first}"'),
        Value(f"{field.domain_type}.{second}", f'"{second}"'),
    )


def _literal(text: str) -> Value:
    return Value(json.dumps(text), json.dumps(text))
