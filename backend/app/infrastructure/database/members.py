"""Members in PostgreSQL: table, mapping, repository."""

from typing import Protocol

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Enum,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeDecorator

from app.domain.members import (
    EmailAddress,
    Member,
    MemberId,
    MemberNotFoundError,
    PhoneNumber,
    Role,
)
from app.infrastructure.database.metadata import mapper_registry


class _TextValue(Protocol):
    def __init__(self, value: str) -> None: ...
    @property
    def value(self) -> str: ...


class TextOf(TypeDecorator[_TextValue]):
    """A value object that wraps text. What is stored was checked when it was made, so not again."""

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
    Column("email_verified_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    Index(None, "created_at", "id"),
    Index(None, "full_name", "id"),
)

mapper_registry.map_imperatively(Member, members, version_id_col=members.c.version)


class SqlAlchemyMemberRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, member: Member) -> None:
        self._session.add(member)

    async def get(self, id: MemberId) -> Member:
        member = await self.find(id)
        if member is None:
            raise MemberNotFoundError
        return member

    async def find(self, id: MemberId) -> Member | None:
        return await self._session.get(Member, id)

    async def find_by_email(self, email: EmailAddress) -> Member | None:
        return await self._session.scalar(select(Member).where(members.c.email == email))
