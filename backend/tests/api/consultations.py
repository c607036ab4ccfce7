"""Consultations in every state, and answers to them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from app.application.unit_of_work import UnitOfWork
from app.domain.consultations.consultation import Consultation, ConsultationStatus
from app.domain.members.member import Role
from tests.factories import NOW, make_consultation, make_member

StoreConsultation = Callable[..., Awaitable[Consultation]]
ORDER = list(ConsultationStatus)


async def store_consultation(
    uow: UnitOfWork, status: ConsultationStatus = ConsultationStatus.OPEN, **overrides: Any
) -> Consultation:
    """Store a consultation with the given status; the other arguments go to `make_consultation`."""
    author = make_member(role=Role.BOARD_MEMBER)
    consultation = make_consultation(**{"created_by": author.id} | overrides)
    verbs = (consultation.open, consultation.close, consultation.archive)
    for hours, verb in enumerate(verbs[: ORDER.index(status)]):
        verb(NOW + timedelta(hours=hours))
    async with uow:
        uow.members.add(author)
        await uow.flush()
        uow.consultations.add(consultation)
        await uow.commit()
    return consultation


def answers_to(consultation: Consultation, *picks: int | str | None) -> dict[str, Any]:
    """Return a request body that answers the questions in order."""
    answers: list[dict[str, Any]] = []
    for question, pick in zip(consultation.questions, picks, strict=True):
        if isinstance(pick, str):
            answers.append({"question_id": str(question.id), "text": pick})
        elif pick is not None:
            chosen = [str(question.options[pick].id)]
            answers.append({"question_id": str(question.id), "option_ids": chosen})
    return {"answers": answers}
