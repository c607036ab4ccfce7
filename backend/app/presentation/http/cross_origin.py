"""Scripts of other origins (the CORS protocol of the Fetch standard, §3.2): only of declared ones."""

from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
ALLOWED_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Request-ID",
)
EXPOSED_HEADERS = (
    "Content-Disposition",
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
)
"""Headers of answers that a script may read, beside the few that every script may."""
PREFLIGHT_MAX_AGE_SECONDS = 7200
"""How long a browser need not ask again; none remembers it for longer."""


def install(app: FastAPI, origins: Sequence[str]) -> None:
    """Answer preflights of these origins, and let them read all answers, errors included.

    Credentials are a header that scripts set themselves, so none come along with a request by themselves
    (cookies), and no origin can use those of another one.
    """
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=ALLOWED_HEADERS,
            expose_headers=EXPOSED_HEADERS,
            max_age=PREFLIGHT_MAX_AGE_SECONDS,
        )
