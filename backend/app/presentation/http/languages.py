"""The client's preferred language, from `Accept-Language`."""

import re
from typing import Annotated

from fastapi import Depends, Header

from app.domain.members.member import Language

_RANGE = re.compile(r"([a-z]{1,8})(?:-[a-z0-9-]+)?(?:\s*;\s*q=([01](?:\.[0-9]{0,3})?))?", re.IGNORECASE)


def preferred_language(header: str) -> Language:
    """Return the supported language of the highest quality; regions do not matter (RFC 9110 §12.5.4)."""
    best, best_quality = Language.ENGLISH, 0.0
    for part in header.split(","):
        found = _RANGE.fullmatch(part.strip())
        if found is not None and found[1].lower() in set(Language):
            quality = float(found[2] or 1)
            if quality > best_quality:
                best, best_quality = Language(found[1].lower()), quality
    return best


async def _language(
    accept_language: Annotated[
        str, Header(description="The language of mails: English or Spanish.", examples=["es-ES, en;q=0.5"])
    ] = "",
) -> Language:
    return preferred_language(accept_language)


LanguageDep = Annotated[Language, Depends(_language)]
