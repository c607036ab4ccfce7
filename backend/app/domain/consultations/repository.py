"""The port of the consultations' repository."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.consultations.consultation import Consultation, ConsultationId


class ConsultationRepository(Protocol):
    """Consultations as a collection. Writers lock the row first; answers wait for them or are refused."""

    def add(self, consultation: Consultation) -> None: ...

    async def get_locked(self, id: ConsultationId) -> Consultation:
        """Return it, locked against answers and other changes. Raises ConsultationNotFoundError."""
        ...

    async def get_shared(self, id: ConsultationId) -> Consultation:
        """Return it, locked against changes; others may share it. Raises ConsultationNotFoundError."""
        ...

    async def lock_unclosed_shared(self) -> None:
        """Lock the UNCLOSED ones against changes, so that none of them closes until the transaction ends."""
        ...

    async def list_due_locked(self, at: datetime) -> Sequence[Consultation]:
        """Return those whose time to open or to close has come, locked."""
        ...

    async def remove(self, consultation: Consultation) -> None: ...
