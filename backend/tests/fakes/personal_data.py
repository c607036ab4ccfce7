"""Erasure of a member's rows in memory."""

from dataclasses import fields
from uuid import UUID

from app.application.jobs import Job
from app.domain.auth import OneTimeToken, Session
from app.domain.email_changes import EmailChange
from app.domain.members.member import MemberId
from tests.fakes.store import InMemoryStore


class InMemoryPersonalData:
    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def erase(self, member_id: MemberId) -> None:
        erased: set[object] = {member_id}
        self._store.calendar_addresses.pop(member_id, None)
        rows: tuple[dict[UUID, Session], dict[UUID, OneTimeToken], dict[UUID, EmailChange]] = (
            self._store.sessions,
            self._store.one_time_tokens,
            self._store.email_changes,
        )
        for table in rows:
            for key in [key for key, row in table.items() if row.member_id == member_id]:
                erased.add(key)
                del table[key]
        self._store.jobs[:] = [job for job in self._store.jobs if not erased & _ids(job)]


def _ids(job: Job) -> set[object]:
    return {getattr(job, each.name) for each in fields(job)}
