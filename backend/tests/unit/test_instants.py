from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from app.presentation.http.schemas.base import Day, Instant

INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
DAY: TypeAdapter[date] = TypeAdapter(Day)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-05T18:30:00Z",
        "2026-12-05t18:30:00z",
        "2026-12-05T19:30:00+01:00",
        "2026-12-05T13:00:00.000000-05:30",
    ],
)
def test_is_in_utc_when_written_as_rfc_3339_says(text: str) -> None:
    found = INSTANT.validate_python(text)

    assert found == datetime(2026, 12, 5, 18, 30, tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "2026-12-05T18:30:00",
        "2026-12-05 18:30:00Z",
        "2026-12-05T18:30Z",
        "2026-12-05",
        "2026-13-05T18:30:00Z",
        "2026-12-05T18:30:00+25:00",
        "1800000000",
        1_800_000_000,
        1.8e9,
        None,
        "",
        "\u0662\u0660\u0662\u0666-12-05T18:30:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1900-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
    ],
)
def test_refuses_when_written_otherwise_or_far_away(value: object) -> None:
    with pytest.raises(ValidationError):
        INSTANT.validate_python(value)


@pytest.mark.parametrize("text", ["1901-01-01", "2026-12-05", "2199-12-31"])
def test_is_that_day_when_written_as_a_full_date(text: str) -> None:
    assert DAY.validate_python(text) == date.fromisoformat(text)


@pytest.mark.parametrize(
    "value",
    [
        "2026-12-05T00:00:00Z",
        "2026-13-05",
        "20261205",
        "1764892800",
        1_764_892_800,
        None,
        "",
        "\u0662\u0660\u0662\u0666-12-05",
        "1900-12-31",
        "2200-01-01",
    ],
)
def test_refuses_a_day_when_written_otherwise_or_far_away(value: object) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_python(value)
