"""The client's preferred language, from `Accept-Language`."""

import re
from typing import Annotated

from fastapi import Depends, Header

from app.domain.members.member import Language

_RANGE = re.compile(
    r"""
    (?P<language>[a-z]{1,8})
    (?:-[a-z0-9-]+)?  # script, region and variants
    (?:\s*;\s*q=(?P<quality>[01](?:\.[0-9]{0,3})?))?
    """,
    re.IGNORECASE | re.VERBOSE,
)


def preferred_language(header: str) -> Language:
    """Return the supported language of the highest quality; regions do not matter (RFC 9110 §12.5.4)."""
    best = Language.ENGLISH
    best_quality = 0.0
    for part in header.split(","):
        found = _RANGE.fullmatch(part.strip())
        if found is not None and found["language"].lower() in set(Language):
            quality = float(found["quality"] or 1)
            if quality > best_quality:
                best = Language(found["language"].lower())
                best_quality = quality
    return best


async def _language(
    accept_language: Annotated[
        str, Header(description="The language of mails: English or Spanish.", examples=["es-ES, en;q=0.5"])
    ] = "",
) -> Language:
    return preferred_language(accept_language)


LanguageDep = Annotated[Language, Depends(_language)]
