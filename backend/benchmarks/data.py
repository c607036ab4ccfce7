"""The database that is measured: a year of an association with two million members."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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

MEMBERS, NEWS, EVENTS, SESSIONS = 2_000_000, 1_000_100, 10_000, 150_000
CURSOR_KEY = "the application and its rivals sign cursors with this key"

ROWS = (
    # No benchmark searches for words, and to index them takes longer than to make all rows.
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
NAMES = {
    "at": "(timestamptz '2026-01-01' - n * interval '1 minute')",
    "member": "('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
    "member_1": "'01900000-0000-7000-8000-000000000001'::uuid",
    "article": "('01910000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
    "event": "('01920000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
    "session": "('01930000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
}
ROW_OF_NEWS = b"""
    SELECT published_at, id FROM news WHERE status = 'PUBLISHED' AND scope = 'PUBLIC'
    ORDER BY published_at DESC, id DESC OFFSET %s LIMIT 1
"""


@dataclass(frozen=True)
class Data:
    """A filled database. `environment` is what a server needs to serve it."""

    url: str
    environment: dict[str, str]

    def token(self, number: int) -> str:
        """Return an access token of the member with this number, from 1 to SESSIONS."""
        tokens = JwtAccessTokens(Settings().token_secrets, clock=SystemClock())
        member, session = MemberId(numbered(0x190, number)), SessionId(numbered(0x193, number))
        return tokens.issue(member_id=member, session_id=session).text

    def cursor(self, *, depth: int) -> str:
        """Return the cursor of the page of news that begins after this many rows."""
        with psycopg.connect(self.url) as connection:
            [(published_at, article)] = connection.execute(ROW_OF_NEWS, [depth - 1]).fetchall()
        held = {
            "for": fingerprint("-published_at"),
            "key": published_at.isoformat(),
            "id": str(article),
        }
        return str(cursor_signer(CURSOR_KEY).dumps(held))


def numbered(kind: int, number: int) -> UUID:
    """Return the id of a row that this module made."""
    return UUID(f"0{kind:x}0000-0000-7000-8000-{number:012x}")


@contextmanager
def filled_database(share: float = 1.0) -> Iterator[Data]:
    """Yield a database with demo data and many rows, or only a share of them; it is dropped afterwards."""
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
    """Make a share of the rows in a migrated database."""
    counts = {"members": MEMBERS, "news": NEWS, "events": EVENTS, "sessions": SESSIONS}
    values = {name: max(1, int(count * share)) for name, count in counts.items()}
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in ROWS:
            text = statement.format(**NAMES)
            connection.execute(text.encode(), values if "%(" in text else None)
        connection.execute("VACUUM ANALYZE")
