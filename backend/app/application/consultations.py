"""Use cases of consultations: for the board, for respondents, and for the schedule."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.application.access import Action, Actor, authorize, is_allowed
from app.application.consultations_queries import (
    ConsultationFilter,
    ConsultationQueries,
    ConsultationSummary,
    ConsultationView,
    ConsultationVisibility,
    ResponseView,
    Results,
)
from app.application.consultations_respondents import remove_response_traces, require_first_response
from app.application.optimistic_locking import require_version
from app.application.paging import Page, PageRequest
from app.application.ports import AddressDigests, Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.consultations.consultation import (
    Consultation,
    ConsultationId,
    ConsultationNotClosedError,
    ConsultationNotFoundError,
    ConsultationStatus,
)
from app.domain.consultations.drafts import ConsultationChanges, ConsultationDraft, ResultsVisibility
from app.domain.consultations.questions import Answer
from app.domain.consultations.responses import (
    Ballot,
    Participation,
    Response,
    ResultsNotReadyError,
    ResultsPrivateError,
)


async def list_consultations(
    where: ConsultationFilter, page: PageRequest, *, actor: Actor, queries: ConsultationQueries
) -> Page[ConsultationSummary]:
    authorize(actor, Action.READ_CONSULTATIONS)
    visible = ConsultationVisibility.of(actor)
    return await queries.list_consultations(where=where, page=page, visible=visible)


async def read_consultation(id: UUID, *, actor: Actor, queries: ConsultationQueries) -> ConsultationView:
    """Raises ConsultationNotFoundError."""
    authorize(actor, Action.READ_CONSULTATIONS)
    return await queries.get_consultation(id, visible=ConsultationVisibility.of(actor))


async def create_consultation(
    draft: ConsultationDraft, *, actor: Actor, uow: UnitOfWork, clock: Clock
) -> Consultation:
    """Start a draft in the actor's name."""
    authorize(actor, Action.WRITE_CONSULTATIONS)
    async with uow:
        consultation = Consultation.create(draft, created_by=actor.member_id, at=clock.now())
        uow.consultations.add(consultation)
        await _record_due_changes(consultation, await uow.now(), uow)
        await uow.commit()
    return consultation


async def edit_consultation(
    id: ConsultationId,
    changes: ConsultationChanges,
    *,
    versions: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
) -> Consultation:
    """Change the fields that its status leaves editable. `versions`: see `require_version`."""
    authorize(actor, Action.WRITE_CONSULTATIONS)
    async with uow:
        consultation, at = await _get_current(id, uow)
        require_version(consultation, versions)
        consultation.edit(changes, at=clock.now())
        await _record_due_changes(consultation, at, uow)
        await uow.commit()
    return consultation


async def remove_consultation(
    id: ConsultationId, *, versions: frozenset[int] | None, actor: Actor, uow: UnitOfWork
) -> None:
    """Delete a draft permanently."""
    authorize(actor, Action.WRITE_CONSULTATIONS)
    async with uow:
        consultation, _ = await _get_current(id, uow)
        require_version(consultation, versions)
        consultation.require_draft()
        await uow.consultations.remove(consultation)
        await uow.commit()


async def open_consultation(id: ConsultationId, *, actor: Actor, uow: UnitOfWork) -> Consultation:
    """Accept responses from now on. Questions and anonymity become fixed."""
    authorize(actor, Action.WRITE_CONSULTATIONS)
    async with uow:
        consultation, at = await _get_current(id, uow)
        consultation.open(at)
        await uow.commit()
    return consultation


async def close_consultation(id: ConsultationId, *, actor: Actor, uow: UnitOfWork) -> Consultation:
    """Accept no more responses. Submissions in progress are waited for, and count."""
    authorize(actor, Action.WRITE_CONSULTATIONS)
    async with uow:
        consultation, at = await _get_current(id, uow)
        consultation.close(at)
        await remove_response_traces(consultation.id, uow=uow)
        await uow.commit()
    return consultation


async def archive_consultation(id: ConsultationId, *, actor: Actor, uow: UnitOfWork) -> Consultation:
    """Hide a closed consultation from everybody except the board."""
    authorize(actor, Action.WRITE_CONSULTATIONS)
    async with uow:
        consultation, at = await _get_current(id, uow)
        consultation.archive(at)
        await uow.commit()
    return consultation


async def follow_schedule(*, uow: UnitOfWork) -> None:
    """Record all due openings and closings by the database's clock."""
    async with uow:
        at = await uow.now()
        for consultation in await uow.consultations.list_due_locked(at):
            await _record_due_changes(consultation, at, uow)
        await uow.commit()


async def create_response(
    id: ConsultationId,
    answers: Sequence[Answer],
    *,
    actor: Actor,
    uow: UnitOfWork,
    digests: AddressDigests,
) -> ResponseView:
    """Submit a response. The deadline is checked against the database clock after locking the consultation.

    Raises ConsultationNotFoundError, ConsultationNotOpenError, AnswerError, AnswerMissingError,
    AlreadyRespondedError.
    """
    authorize(actor, Action.ANSWER_CONSULTATIONS)
    async with uow:
        consultation = await uow.consultations.get_shared(id)
        at = await uow.now()
        if not ConsultationVisibility.of(actor).includes(consultation, at):
            raise ConsultationNotFoundError
        await require_first_response(id, actor.member_id, uow=uow, digests=digests)
        taken = consultation.check_answers(answers, at)
        if consultation.anonymous:
            await uow.responses.cast(
                Participation(consultation_id=id, member_id=actor.member_id),
                Ballot.create(taken, consultation_id=id),
            )
        else:
            await uow.responses.add(
                Response.create(taken, consultation_id=id, member_id=actor.member_id, at=at)
            )
        await uow.commit()
    return ResponseView.of(consultation, taken, at)


async def read_own_response(id: UUID, *, actor: Actor, queries: ConsultationQueries) -> ResponseView:
    """Raises ConsultationNotFoundError, ResponseNotFoundError."""
    authorize(actor, Action.ANSWER_CONSULTATIONS)
    visible = ConsultationVisibility.of(actor)
    return await queries.get_response(id, member_id=actor.member_id, visible=visible)


async def read_results(id: UUID, *, actor: Actor, queries: ConsultationQueries) -> Results:
    """Raises ConsultationNotFoundError, ResultsPrivateError, ConsultationNotClosedError,
    ResultsNotReadyError."""
    authorize(actor, Action.READ_RESULTS)
    consultation = await queries.get_consultation(id, visible=ConsultationVisibility.of(actor))
    require_results(consultation, actor)
    return Results.of(consultation, await queries.tally(consultation))


async def _get_current(id: ConsultationId, uow: UnitOfWork) -> tuple[Consultation, datetime]:
    """Lock the consultation and record its due changes. Return it and the instant of this."""
    consultation = await uow.consultations.get_locked(id)
    at = await uow.now()
    await _record_due_changes(consultation, at, uow)
    return consultation, at


async def _record_due_changes(consultation: Consultation, at: datetime, uow: UnitOfWork) -> None:
    """Flush after each change, so that versions increase as reads have shown them."""
    while consultation.follow_schedule(at):
        await uow.flush()
        if consultation.status is ConsultationStatus.CLOSED:
            await remove_response_traces(consultation.id, uow=uow)


def require_results(consultation: ConsultationView, actor: Actor) -> None:
    """Raises the errors of `read_results`.

    The board sees the results of a NAMED consultation while it is open. Others see them after it is closed,
    and so does the board if it is ANONYMOUS.
    """
    board = is_allowed(actor, Action.READ_PRIVATE_RESULTS)
    if consultation.results_visibility is ResultsVisibility.PRIVATE and not board:
        raise ResultsPrivateError
    ready = {ConsultationStatus.CLOSED, ConsultationStatus.ARCHIVED}
    if board and not consultation.anonymous:
        ready.add(ConsultationStatus.OPEN)
    if consultation.status not in ready:
        raise ConsultationNotClosedError
    if consultation.anonymous and not consultation.ballots_shuffled:
        raise ResultsNotReadyError
