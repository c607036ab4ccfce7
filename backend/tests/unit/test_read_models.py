"""Statements that are compiled once convert the rows of the driver."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Enum, Numeric, Text, column, select

from app.infrastructure.database.read_models import Statement


class Size(StrEnum):
    """A size."""

    SMALL = "SMALL"


def test_converts_each_column_as_its_type_needs() -> None:
    columns: list[ColumnElement[Any]] = [
        column("title", Text),
        column("price", Numeric(5, 2)),
        column("size", Enum(Size)),
    ]
    statement = Statement(select(*columns))

    assert statement.read(("Drill", Decimal("1.50"), "SMALL")) == ("Drill", Decimal("1.50"), Size.SMALL)
