"""The benchmarks' database: one year of an association with two million members."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from uuid import UUID

import psycopg

from app.core.clock import SystemClock
from app.core.settings import Settings
from app.domain.auth import SessionId
from app.domain.members.member import MemberId
from app.infrastructure.security.access_tokens import JwtAccessTokens
from benchmarks.cursors import cursor_signer, fingerprint
from benchmarks.servers import BACKEND
from devtools.databases import scratch_databases

ROW_COUNTS = {"members": 2_000_000, "news": 1_000_100, "events": 10_000, "sessions": 150_000}
CURSOR_KEY = "the application and its baselines sign cursors with this key"

STATEMENTS = (
    # No benchmark searches for words, and filling these indexes takes longer than creating all rows.
    "DROP INDEX ix_members_searched, ix_news_searched",
    """
    INSERT INTO members (id, email, password_hash, full_name, phone, role, is_active, language,
                         email_verified_at, created_at, updated_at, version)
    SELECT {member}, 'member' || n || '@pau2.example', '', 'Lucía Núñez ' || n,
           '+346' || lpad(n::text, 8, '0'), CASE n WHEN 1 THEN 'ADMIN' ELSE 'MEMBER' END, true, 'es',
           {at}, {at}, {at}, 1
    FROM generate_series(1, %(members)s) AS n
    """,
    """
    INSERT INTO news (id, title, summary, content, status, scope, author_id, published_at, created_at,
                      updated_at, version)
    SELECT {article}, 'The garden opens again, part ' || n, 'From Monday, 9 to 20 h.',
           repeat('The **garden** is open again. ', 10), 'PUBLISHED', 'PUBLIC', {member_1},
           {at}, {at}, {at}, 1
    FROM generate_series(1, %(news)s) AS n
    """,
    """
    INSERT INTO events (id, title, description, starts_at, ends_at, location, organizer, audience, status,
                        created_by, created_at, updated_at, version)
    SELECT {event}, 'Choir rehearsal ' || n, 'Come as you are; bring a neighbour.',
           now() + n * interval '1 hour', now() + (n + 2) * interval '1 hour', 'School, music room', 'Choir',
           'PUBLIC', 'PUBLISHED', {member_1}, {at}, {at}, 1
    FROM generate_series(1, %(events)s) AS n
    """,
    """
    INSERT INTO sessions (id, member_id, token_digest, authenticated_at, rotated_at, expires_at)
    SELECT {session}, {member}, decode(md5(n::text), 'hex'), now(), now(), now() + interval '1 day'
    FROM generate_series(1, %(sessions)s) AS n
    """,
    """
    CREATE VIEW exported_members AS
    SELECT id, email, full_name, phone, role, is_active, language, email_verified_at, created_at, updated_at
    FROM members WHERE erased_at IS NULL ORDER BY id
    """,
)
FRAGMENTS = {
    "at": "(timestamptz '2026-01-01' - n * interval '1 minute')",
    "member": "('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
    "member_1": "'01900000-0000-7000-8000-000000000001'::uuid",
    "article": "('01910000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
    "event": "('01920000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
    "session": "('01930000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
}
MEMBER_PREFIX = "0190"
ARTICLE_PREFIX = "0191"
SESSION_PREFIX = "0193"
"""The first digits of the ids in a table."""
ARTICLE_AT_OFFSET = b"""
    SELECT published_at, id FROM news WHERE status = 'PUBLISHED' AND scope = 'PUBLIC'
    ORDER BY published_at DESC, id DESC OFFSET %s LIMIT 1
"""


@dataclass(frozen=True)
class Data:
    """A filled database. `environment` has the variables for a server that uses it."""

    url: str
    environment: dict[str, str]

    def token(self, number: int) -> str:
        """Return an access token of the member with this number, from 1 to the number of sessions."""
        member_id = MemberId(row_id(MEMBER_PREFIX, number))
        session_id = SessionId(row_id(SESSION_PREFIX, number))
        return _access_tokens().issue(member_id=member_id, session_id=session_id).text

    def cursor(self, *, depth: int) -> str:
        """Return the cursor of the page of news after this many rows."""
        with psycopg.connect(self.url) as connection:
            [(published_at, article)] = connection.execute(ARTICLE_AT_OFFSET, [depth - 1]).fetchall()
        payload = {
            "for": fingerprint("-published_at"),
            "key": published_at.isoformat(),
            "id": str(article),
        }
        return str(cursor_signer(CURSOR_KEY).dumps(payload))


@cache
def _access_tokens() -> JwtAccessTokens:
    """Return the tokens' keys. Reading the settings takes longer than a request that is measured."""
    return JwtAccessTokens(Settings().token_secrets, clock=SystemClock())


def row_id(prefix: str, number: int) -> UUID:
    """Return the id of a row of this database: numbers begin with 1 in each table."""
    return UUID(f"{prefix}0000-0000-7000-8000-{number:012x}")


@contextmanager
def filled_database(share: float = 1.0) -> Iterator[Data]:
    """Yield a database with demo data and a share of the rows. It is dropped afterwards."""
    with scratch_databases() as scratch:
        url = scratch.create_database()
        environment = {
            "DATABASE_URL": url,
            "PAU2_MIGRATION_DATABASE_URL": url,
            "PAU2_CURSOR_SECRET": CURSOR_KEY,
        }
        for command in (["migrate"], ["seed", "--members", "0"]):
            subprocess.run(
                [sys.executable, "-m", "app", *command],
                cwd=BACKEND,
                env=os.environ | environment | {"PAU2_LOG_LEVEL": "WARNING"},
                check=True,
                stdout=subprocess.DEVNULL,
            )
        fill(url, share)
        yield Data(url, environment)


def fill(url: str, share: float) -> None:
    """Create a share of the rows in a migrated database."""
    values = {name: max(1, int(count * share)) for name, count in ROW_COUNTS.items()}
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in STATEMENTS:
            text = statement.format(**FRAGMENTS)
            connection.execute(text.encode(), values if "%(" in text else None)
        connection.execute("VACUUM ANALYZE")
