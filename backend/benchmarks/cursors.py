"""Cursors as the application signs them, so that baselines can send the same bytes."""

import json
from hashlib import sha256

from itsdangerous import URLSafeSerializer


def cursor_signer(key: str) -> URLSafeSerializer:
    """Return the signer of cursors for this key."""
    return URLSafeSerializer(key, salt="cursor", signer_kwargs={"digest_method": sha256})


def fingerprint(sort: str) -> str:
    """Return the digest that binds a cursor to the list of news with this sort and no filter."""
    return sha256(json.dumps(["/api/v1/news", {"sort": sort}]).encode()).hexdigest()
