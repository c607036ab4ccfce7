"""Members in PostgreSQL: table, mapping, repository."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Enum,
    Index,
    Integer,
    Select,
    Table,
    Text,
    Uuid,
    exists,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeDecorator

from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import (
    Language,
    Member,
    MemberId,
    MemberNotFoundError,
    Role,
)
from app.infrastructure.database.metadata import mapper_registry
from app.infrastructure.database.texts import in_spanish_order, searched


class _TextValue(Protocol):
    def __init__(self, value: str) -> None: ...
    @property
    def value(self) -> str: ...


class TextOf(TypeDecorator[_TextValue]):
    """A column of a value object that wraps text. Stored values are not validated again."""

    impl = Text
    cache_ok = True

    def __init__(self, value_type: type[_TextValue]) -> None:
        super().__init__()
        self.value_type = value_type

    def process_bind_param(self, value: _TextValue | None, _dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: str | None, _dialect: Dialect) -> _TextValue | None:
        return None if value is None else self.value_type(value)


members = Table(
    "members",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", TextOf(EmailAddress), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("phone", TextOf(PhoneNumber)),
    Column(
        "role",
        Enum(Role, native_enum=False, create_constraint=True, name="role", length=20),
        nullable=False,
    ),
    Column("is_active", Boolean, nullable=False),
    Column(
        "language",
        Enum(
            Language,
            native_enum=False,
            length=2,
            values_callable=lambda languages: [language.value for language in languages],
        ),
        nullable=False,
        server_default=Language.ENGLISH.value,
    ),
    Column("email_verified_at", DateTime(timezone=True)),
    Column("erased_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    Index(None, "created_at", "id"),
)

not_erased = members.c.erased_at.is_(None)
searched_members = searched(members.c.full_name, members.c.email, members.c.phone)

Index("ix_members_sorted_name_id", in_spanish_order(members.c.full_name), members.c.id)
Index("ix_members_searched", searched_members, postgresql_using="gin", postgresql_where=not_erased)

mapper_registry.map_imperatively(Member, members, version_id_col=members.c.version)


class SqlAlchemyMemberRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, member: Member) -> None:
        self._session.add(member)

    async def get(self, id: MemberId) -> Member:
        return _require_found(await self.find(id))

    async def get_locked(self, id: MemberId) -> Member:
        return _require_found(_unless_erased(await self._session.get(Member, id, with_for_update=True)))

    async def lock_admins(self) -> frozenset[MemberId]:
        """Lock all admins in one order, so that any two transactions share a row.

        Under READ COMMITTED the one that waited reads the rows again as the other committed them.
        """
        query = (
            select(members.c.id)
            .where(
                members.c.role == Role.ADMIN,
                members.c.is_active,
                members.c.email_verified_at.is_not(None),
            )
            .order_by(members.c.id)
            .with_for_update()
        )
        return frozenset((await self._session.scalars(query)).all())

    async def find(self, id: MemberId) -> Member | None:
        return _unless_erased(await self._session.get(Member, id))

    async def find_by_email(self, email: EmailAddress) -> Member | None:
        return await self._session.scalar(_by_email(email))

    async def find_by_email_locked(self, email: EmailAddress) -> Member | None:
        query = _by_email(email).with_for_update().execution_options(populate_existing=True)
        return await self._session.scalar(query)

    async def list_unproven_locked(self, *, before: datetime, at: datetime, limit: int) -> Sequence[Member]:
        """Skip locked members: they may be registering again."""
        tokens = mapper_registry.metadata.tables["one_time_tokens"].c
        waits = exists().where(
            tokens.member_id == members.c.id, tokens.redeemed_at.is_(None), tokens.expires_at > at
        )
        unproven = (
            members.c.email_verified_at.is_(None),
            members.c.erased_at.is_(None),
            members.c.created_at < before,
        )
        query = select(Member).where(*unproven, ~waits).order_by(members.c.id).limit(limit)
        return (await self._session.scalars(query.with_for_update(skip_locked=True))).all()


def _by_email(email: EmailAddress) -> Select[Member]:
    return select(Member).where(members.c.email == email, members.c.erased_at.is_(None))


def _unless_erased(member: Member | None) -> Member | None:
    return None if member is None or member.erased_at is not None else member


def _require_found(member: Member | None) -> Member:
    if member is None:
        raise MemberNotFoundError
    return member
