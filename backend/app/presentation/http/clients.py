"""The name of the client program, from its `User-Agent` header (RFC 9110 §10.1.5).

It is precise enough to recognise one's own sessions (ASVS 5.0 7.5.2) and too coarse to identify a person: it
has no versions and no models, and never quotes the header, whose content is arbitrary.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request

MAX_HEADER_LENGTH = 500
"""Characters. The headers of browsers have about 120."""

PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
    ("Python", "Python"),
)
"""Part of the header → program. The first match counts: browsers also name those that they resemble."""

SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def client_name(header: str) -> str | None:
    """Return a name such as `Firefox on Android`; None for an unknown client."""
    shortened = header[:MAX_HEADER_LENGTH]
    program = _first_match(shortened, PROGRAMS)
    system = _first_match(shortened, SYSTEMS)
    if program and system:
        return f"{program} on {system}"
    return program or system


def _first_match(header: str, names: Sequence[tuple[str, str]]) -> str | None:
    return next((name for part, name in names if part in header), None)


async def _client_name(request: Request) -> str | None:
    return client_name(request.headers.get("user-agent", ""))


ClientName = Annotated[str | None, Depends(_client_name)]
