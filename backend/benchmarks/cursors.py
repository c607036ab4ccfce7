"""Cursors as the application writes them, so that the rivals can give the same bytes."""

import json
from hashlib import sha256

from itsdangerous import URLSafeSerializer


def cursor_signer(key: str) -> URLSafeSerializer:
    """Return what signs a cursor."""
    return URLSafeSerializer(key, salt="cursor", signer_kwargs={"digest_method": sha256})


def fingerprint(sort: str) -> str:
    """Return what binds a cursor to the list of news with this sort and no filter."""
    return sha256(json.dumps(["/api/v1/news", {"sort": sort}]).encode()).hexdigest()
