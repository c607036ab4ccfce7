"""Access for scripts of declared origins: the CORS protocol (Fetch standard, §3.2)."""

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
"""Response headers that scripts may read, in addition to those that are always readable."""
PREFLIGHT_MAX_AGE_SECONDS = 7200
"""The longest time for which any browser caches the result of a preflight."""


def install(app: FastAPI, origins: Sequence[str]) -> None:
    """Respond to preflights of these origins, and let them read all responses, errors included.

    Credentials are a header that scripts set themselves, not a cookie that browsers add, so an origin cannot
    use the credentials of another one.
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
