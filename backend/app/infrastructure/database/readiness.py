"""Whether the database answers and has the schema that this code was written for."""

from sqlalchemy import text

from app.core.database import Connections
from app.domain.errors import UnavailableError
from app.infrastructure.database.patience import BoundedQuestion


class SqlAlchemyReadiness:
    def __init__(self, reads: Connections, *, head: str | None) -> None:
        self._reads = reads
        self._head = head
        self._question = BoundedQuestion(self._ask)

    async def check(self) -> None:
        if await self._question.answer() is not True:
            raise UnavailableError

    async def _ask(self) -> bool:
        async with self._reads() as connection:
            found = await connection.scalars(text("SELECT version_num FROM alembic_version"))
            return found.all() == [self._head]
