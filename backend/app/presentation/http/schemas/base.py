"""Base classes of schemas, and the types that several of them share."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, LiteralString
from unicodedata import normalize

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""C0 and C1 controls except tab and line feed, and lone surrogates.

PostgreSQL rejects some of them; logs and terminals interpret others.
"""

_OTHER_LINE_ENDS = re.compile("\r\n|[\u2028\u2029]")
_RFC_3339 = re.compile(
    r"""
    \d{4}-\d\d-\d\d  # date
    [Tt]\d\d:\d\d:\d\d(\.\d+)?  # time
    ([Zz]|[+-]\d\d:\d\d)  # offset
    """,
    re.ASCII | re.VERBOSE,
)
_RFC_3339_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
FIRST_YEAR = 1900
LAST_YEAR = 2200


def _normalize(text: str) -> str:
    return normalize("NFC", _OTHER_LINE_ENDS.sub("\n", text))


def _forbid_control_characters(text: str) -> str:
    if _CONTROL.search(text):
        raise PydanticCustomError(
            "control_character", "Input should not have control characters other than tab and line feed"
        )
    return text


def _forbid_line_breaks(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise PydanticCustomError("line_break", "Input should be one line without tabs")
    return text


MultilineText = Annotated[str, AfterValidator(_normalize), AfterValidator(_forbid_control_characters)]
"""Text that PostgreSQL and JSON can store: no field of the contract is a bare `str`.

Its length counts in NFC. Line ends of forms, Windows and Unicode become line feeds.
"""

Text = Annotated[MultilineText, AfterValidator(_forbid_line_breaks)]
"""The same on one line, safe in a header or a log."""


SearchWords = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=100,
        description="Words in any order. Each must be the beginning of a word in the text. Accents and "
        "case are ignored.",
        examples=["garcia iba"],
    ),
]
"""Words to search for."""


def _require_rfc_3339(value: object) -> object:
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        return value
    raise PydanticCustomError(
        "datetime_rfc3339", "Input should be like 2026-12-05T18:30:00+01:00 (in an address, + is %2B)"
    )


def _in_utc(instant: datetime) -> datetime:
    _require_near(instant, "datetime_far_away")
    return instant.astimezone(UTC)


def _require_near(day: date, code: LiteralString) -> None:
    if not FIRST_YEAR < day.year < LAST_YEAR:
        raise PydanticCustomError(code, f"Input should be between the years {FIRST_YEAR} and {LAST_YEAR}")


Instant = Annotated[AwareDatetime, BeforeValidator(_require_rfc_3339), AfterValidator(_in_utc)]
"""A time with its offset (RFC 3339), converted to UTC.

Pydantic alone would accept numbers, and years that overflow in another time zone.
"""


def _require_rfc_3339_date(value: object) -> object:
    if isinstance(value, str) and _RFC_3339_DATE.fullmatch(value):
        return value
    raise PydanticCustomError("date_rfc3339", "Input should be like 2026-12-05")


def _near(day: date) -> date:
    _require_near(day, "date_far_away")
    return day


Day = Annotated[date, BeforeValidator(_require_rfc_3339_date), AfterValidator(_near)]
"""A calendar day (RFC 3339 full-date). Pydantic alone would accept numbers and midnights."""


Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A number of things, within the range of PostgreSQL's integer."""


class Schema(BaseModel):
    """Base of request schemas. Unknown fields are refused (ASVS 5.0 15.3.3)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class View(BaseModel):
    """Base of response schemas. They read the attributes of read models and entities."""

    model_config = ConfigDict(from_attributes=True)


class VersionedView(View):
    """Base of resources that `If-Match` guards, also as items of lists: clients need no second read."""

    version: int = Field(description="Increases with each change. In quotes it is the `ETag`.", examples=[1])
