"""Registry of the tables that hold personal data, used to export and to erase the data of a member.

A test compares it with the schema, so each new table and each new column that refers to members needs an
entry here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, bindparam, delete, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.application.members_queries import PersonalRows
from app.core.database import ConnectionFactory
from app.domain.members.member import MemberId
from app.infrastructure.database.audit import audit_entries
from app.infrastructure.database.calendar_addresses import calendar_addresses
from app.infrastructure.database.consultations import consultations, options, questions
from app.infrastructure.database.email_changes import email_changes
from app.infrastructure.database.events import events
from app.infrastructure.database.idempotency import idempotency_records
from app.infrastructure.database.members import members
from app.infrastructure.database.news import news
from app.infrastructure.database.one_time_tokens import one_time_tokens
from app.infrastructure.database.rate_limits import login_attempts
from app.infrastructure.database.responses import (
    ballots,
    erased_respondents,
    participations,
    responses,
)
from app.infrastructure.database.sessions import sessions


@dataclass(frozen=True, kw_only=True)
class PersonalDataTable:
    """A table with rows about members. `owners`: the columns that refer to the members.

    `withheld`: columns that are not exported, because an attacker could use them.
    `erased`: whether the rows are deleted with the member; otherwise they stay and refer to the tombstone.
    """

    table: Table
    owners: tuple[Column[Any], ...]
    withheld: frozenset[Column[Any]] = frozenset()
    erased: bool = False

    @property
    def shown(self) -> list[Column[Any]]:
        return [column for column in self.table.c if column not in self.withheld]


PERSONAL_DATA = (
    PersonalDataTable(table=members, owners=(members.c.id,), withheld=frozenset({members.c.password_hash})),
    PersonalDataTable(
        table=sessions,
        owners=(sessions.c.member_id,),
        withheld=frozenset({sessions.c.token_digest, sessions.c.parent_digest}),
        erased=True,
    ),
    PersonalDataTable(table=one_time_tokens, owners=(one_time_tokens.c.member_id,), erased=True),
    PersonalDataTable(
        table=calendar_addresses,
        owners=(calendar_addresses.c.member_id,),
        withheld=frozenset({calendar_addresses.c.token_digest}),
        erased=True,
    ),
    PersonalDataTable(table=email_changes, owners=(email_changes.c.member_id,), erased=True),
    PersonalDataTable(
        table=idempotency_records,
        owners=(idempotency_records.c.member_id,),
        withheld=frozenset(idempotency_records.c[name] for name in ("key_digest", "fingerprint", "body")),
        erased=True,
    ),
    PersonalDataTable(table=news, owners=(news.c.author_id,)),
    PersonalDataTable(table=events, owners=(events.c.created_by,)),
    PersonalDataTable(table=consultations, owners=(consultations.c.created_by,)),
    PersonalDataTable(table=responses, owners=(responses.c.member_id,)),
    PersonalDataTable(table=participations, owners=(participations.c.member_id,)),
    PersonalDataTable(table=audit_entries, owners=(audit_entries.c.actor_id, audit_entries.c.subject_id)),
)

NON_PERSONAL_TABLES: Mapping[Table, str] = MappingProxyType(
    {
        login_attempts: "digests that identify no person, deleted when their window ends",
        questions: "parts of a consultation",
        options: "parts of a question",
        erased_respondents: "keyed digests of erased addresses, deleted when the consultation closes",
        ballots: "secret: nothing in them leads to who filled them in",
    }
)
"""Table → reason why its rows are not about members."""

_REMOVE_JOBS = text(
    """DELETE FROM procrastinate_jobs WHERE status = 'todo' AND EXISTS
    (SELECT FROM jsonb_each_text(args) AS argument WHERE argument.value IN :ids)"""
).bindparams(bindparam("ids", expanding=True))


class SqlAlchemyPersonalDataQueries:
    def __init__(self, snapshot: ConnectionFactory) -> None:
        self._snapshot = snapshot

    async def read(self, member_id: MemberId) -> PersonalRows:
        found = {}
        async with self._snapshot() as connection:
            for holding in PERSONAL_DATA:
                query = (
                    select(*holding.shown)
                    .where(_about(holding, member_id))
                    .order_by(*holding.table.primary_key)
                )
                rows = (await connection.execute(query)).mappings()
                found[holding.table.name] = [
                    {name: _to_json(value) for name, value in row.items()} for row in rows
                ]
        return found


class SqlAlchemyPersonalData:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def erase(self, member_id: MemberId) -> None:
        """Delete pending jobs, which refer to the member or to a deleted row."""
        ids = [str(member_id)]
        for holding in PERSONAL_DATA:
            if holding.erased:
                query = delete(holding.table).where(_about(holding, member_id))
                removed = await self._session.execute(query.returning(*holding.table.primary_key))
                ids += [str(key) for key in removed.scalars()]
        await self._session.execute(_REMOVE_JOBS, {"ids": ids})


def _about(holding: PersonalDataTable, member_id: MemberId) -> ColumnElement[bool]:
    return or_(*(column == member_id for column in holding.owners))


def _to_json(value: object) -> object:
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    if value is None or isinstance(value, str | int | bool | dict):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)
