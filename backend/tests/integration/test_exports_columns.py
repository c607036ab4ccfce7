"""The text that PostgreSQL writes for the columns of exports."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Date, DateTime, Integer, Uuid, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from app.infrastructure.database.exports import _as_text

ID = UUID("01a20297-4dc0-7000-bc7b-8dba51274ad8")
AT = datetime(2026, 12, 5, 18, 30, 0, 7, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Date(), date(2026, 12, 5), "2026-12-05"),
        (DateTime(timezone=True), AT, AT.astimezone(UTC).isoformat()),
        (Uuid(), ID, str(ID)),
        (Integer(), 30, 30),
    ],
)
async def test_is_iso_8601_when_it_is_a_day_or_an_instant(
    kind: TypeEngine[Any], value: object, text: object, connection: AsyncConnection
) -> None:
    column = select(literal(value, kind).label("value")).subquery().c.value

    assert await connection.scalar(select(_as_text(column))) == text
