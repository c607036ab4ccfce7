"""What every request body and query has in common."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""C0 and C1 controls but tab and line feed, and lone surrogates: PostgreSQL refuses some, logs and
terminals obey others."""


def _refuse_control_characters(text: str) -> str:
    if _CONTROL.search(text):
        raise PydanticCustomError(
            "control_character", "Input should have no control characters but tab and line feed"
        )
    return text


def _refuse_line_breaks(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise PydanticCustomError("line_break", "Input should be one line without tabs")
    return text


MultilineText = Annotated[str, AfterValidator(_refuse_control_characters)]
"""Text that PostgreSQL and JSON can hold. Nothing in the contract is a bare `str`."""

Text = Annotated[MultilineText, AfterValidator(_refuse_line_breaks)]
"""The same on one line, so that it can go into a header or a log."""


class Schema(BaseModel):
    """Base of what clients send: unknown fields are refused (ASVS 5.0 15.3.3)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class View(BaseModel):
    """Base of what clients get: filled from read models and entities by attribute."""

    model_config = ConfigDict(from_attributes=True)
