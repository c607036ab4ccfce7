"""The database under load: demo data, an administrator, and members who can answer a consultation."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import psycopg

from app.core.settings import Settings
from app.domain.auth import SessionId
from app.domain.members.member import MemberId
from app.infrastructure.security.access_tokens import JwtAccessTokens

ADMIN = 1
MEMBERS = 20_000
ROWS = (
    b"""
    INSERT INTO members (id, email, password_hash, full_name, role, is_active, language, email_verified_at,
                         created_at, updated_at, version)
    SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
           'member' || n || '@pau2.example', '', 'Marta ' || n,
           CASE n WHEN 1 THEN 'ADMIN' ELSE 'MEMBER' END, true, 'es', now(), now(), now(), 1
    FROM generate_series(1, %(members)s) AS n
    """,
    b"""
    INSERT INTO sessions (id, member_id, token_digest, authenticated_at, rotated_at, expires_at)
    SELECT ('01930000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
           ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
           decode(md5(n::text), 'hex'), now(), now(), now() + interval '1 day'
    FROM generate_series(1, %(members)s) AS n
    """,
)
KEPT = {
    "event": b"SELECT title, count(*) FROM events GROUP BY title",
    "invitation": b"SELECT email, count(*) FROM members GROUP BY email",
    "response": b"""
        SELECT member_id::text, count(*) FROM participations WHERE consultation_id = %(consultation)s
        GROUP BY member_id
    """,
}
SURVEY = {
    "title": "Shade in the square",
    "audience": "MEMBERS",
    "anonymous": True,
    "questions": [
        {
            "title": "More trees?",
            "kind": "SINGLE_CHOICE",
            "required": True,
            "options": ["Yes", "No"],
        }
    ],
}


@dataclass
class Data:
    """The rows that clients use. `url` is the database as its owner."""

    url: str
    consultation: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)
    voters: Iterator[int] = field(default_factory=lambda: count(ADMIN + 1))
    """Numbers of members who have not answered yet."""

    def fill(self) -> None:
        """Make the members, each with a session."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in ROWS:
                connection.execute(statement, {"members": MEMBERS})
            connection.execute("VACUUM ANALYZE")

    def kept(self) -> Mapping[str, Counter[str]]:
        """Return the entries in the database: kind → key → number of rows."""
        with psycopg.connect(self.url) as connection:
            parameters = {"consultation": self.consultation}
            found = {kind: connection.execute(query, parameters).fetchall() for kind, query in KEPT.items()}
        return {kind: Counter(dict(rows)) for kind, rows in found.items()}

    def lost_ballots(self) -> int:
        """Return how many participations have no ballot, or ballots no participation."""
        with psycopg.connect(self.url) as connection:
            [(difference,)] = connection.execute(
                "SELECT abs((SELECT count(*) FROM participations) - (SELECT count(*) FROM ballots))"
            ).fetchall()
        return int(difference)


def member_id(number: int) -> str:
    """Return the id of the member with this number, from 1 to MEMBERS."""
    return str(UUID(f"01900000-0000-7000-8000-{number:012x}"))


@dataclass(frozen=True)
class MovedClock:
    """A clock that is some seconds ahead, or behind when they are negative."""

    seconds: int

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.seconds)


def authorization(number: int, *, skew: int = 0) -> dict[str, str]:
    """Return the header of a member's request. Its token begins now, by a clock moved by `skew` seconds."""
    tokens = JwtAccessTokens(Settings().token_secrets, clock=MovedClock(skew))
    session = SessionId(UUID(f"01930000-0000-7000-8000-{number:012x}"))
    token = tokens.issue(member_id=MemberId(UUID(member_id(number))), session_id=session)
    return {"Authorization": f"Bearer {token.text}"}
