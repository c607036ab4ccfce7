"""What read models are made of."""

from dataclasses import fields
from typing import Any

from sqlalchemy import FromClause
from sqlalchemy.sql.elements import KeyedColumnElement


def columns_of(table: FromClause, read_model: type[Any]) -> tuple[KeyedColumnElement[Any], ...]:
    """Return the column that each field is named after, in the order in which the read model takes them."""
    return tuple(table.c[field.name] for field in fields(read_model))
