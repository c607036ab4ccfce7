"""Values of fields for generated tests, as Python source and as JSON."""

import json
from dataclasses import dataclass
from decimal import Decimal

from scaffold.fields import Field, Kind


@dataclass(frozen=True)
class Value:
    """One value in both spellings; `python` uses the names NOW and timedelta for instants."""

    python: str
    json: str


@dataclass(frozen=True)
class Samples:
    """Values of a field. `first` and `second` differ; the domain refuses those of `refused`.

    `refused_json` are those that the form of requests refuses. `edges` are the values that are just allowed.
    """

    first: Value
    second: Value
    refused: tuple[str, ...] = ()
    refused_json: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()


def samples_of(field: Field) -> Samples:
    """Return the values of a field for tests."""
    if field.is_text:
        return _texts(field)
    if field.kind is Kind.DECIMAL:
        return _decimals(field)
    if field.kind is Kind.INTEGER:
        low, high = str(field.low), str(field.high)
        beyond = (str(field.low - 1), str(field.high + 1))
        return Samples(Value(low, low), Value(high, high), beyond, beyond, (low, high))
    return Samples(*_PAIRS[field.kind]) if field.kind in _PAIRS else _choices(field)


_PAIRS = {
    Kind.BOOLEAN: (Value("False", "False"), Value("True", "True")),
    Kind.DATE: (
        Value("date(2026, 12, 5)", '"2026-12-05"'),
        Value("date(2026, 12, 6)", '"2026-12-06"'),
    ),
    Kind.DATETIME: (
        Value("NOW + timedelta(days=1)", '"2026-11-23T09:30:00Z"'),
        Value("NOW + timedelta(days=2)", '"2026-11-24T09:30:00Z"'),
    ),
}


def _texts(field: Field) -> Samples:
    texts = (field.words.capitalize(), f"New {field.words}")
    if field.kind is Kind.LINES:
        texts = (f"One\n{field.words}", f"Two\n{field.words}")
    first, second = (json.dumps(text[: int(field.high)]) for text in texts)
    too_long = f'"x" * {field.high + 1}'
    return Samples(
        Value(first, first),
        Value(second, second),
        ('""', '" \\t "', too_long),
        (too_long,),
        (f'"x" * {field.high}', '"x"'),
    )


def _choices(field: Field) -> Samples:
    first, second = (Value(f"{field.domain_type}.{choice}", f'"{choice}"') for choice in field.choices[:2])
    return Samples(first, second)


def _decimals(field: Field) -> Samples:
    """Beyond the limits is what differs in the last place, or has one place more."""
    step = Decimal(1).scaleb(-field.places)
    beyond = (field.low - step, field.high + step, field.low + step / 10)
    low, high = (Value(f'Decimal("{limit}")', f'"{limit}"') for limit in (field.low, field.high))
    return Samples(
        low,
        high,
        tuple(f'Decimal("{value}")' for value in beyond),
        tuple(f'"{value}"' for value in beyond),
        (low.python, high.python),
    )
