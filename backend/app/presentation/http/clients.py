"""The program that a request comes from, as coarsely as its owner would name it.

Enough to recognise one's own sessions (ASVS 5.0 7.5.2), too little to recognise a person: no versions, no
models, and never the header itself (RFC 9110 §10.1.5), which anybody can fill with anything.
"""

from typing import Annotated

from fastapi import Depends, Request

MAX_HEADER_LENGTH = 500
"""Characters of a header: those of browsers have about 120."""

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
"""What a header holds → the program. The first counts: browsers also name those that they resemble."""

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
    """Return such as `Firefox on Android`; None for a header that names nothing known."""
    read = header[:MAX_HEADER_LENGTH]
    known = [next((name for sign, name in table if sign in read), None) for table in (PROGRAMS, SYSTEMS)]
    return " on ".join(name for name in known if name is not None) or None


async def _client_name(request: Request) -> str | None:
    return client_name(request.headers.get("user-agent", ""))


ClientName = Annotated[str | None, Depends(_client_name)]
