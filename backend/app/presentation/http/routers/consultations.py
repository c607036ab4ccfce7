from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.application import consultations
from app.application.access import Action
from app.domain.consultations.consultation import (
    ConsultationArchivedError,
    ConsultationDescriptionError,
    ConsultationFrozenError,
    ConsultationId,
    ConsultationIncompleteError,
    ConsultationNotClosedError,
    ConsultationNotDraftError,
    ConsultationNotFoundError,
    ConsultationNotOpenError,
    ConsultationPeriodError,
    ConsultationTitleError,
    TooManyQuestionsError,
)
from app.domain.consultations.questions import (
    AnswerError,
    AnswerMissingError,
    OptionsError,
    QuestionDescriptionError,
    QuestionTitleError,
)
from app.domain.consultations.responses import (
    AlreadyRespondedError,
    ResponseNotFoundError,
    ResultsNotReadyError,
    ResultsPrivateError,
)
from app.presentation.http.conditions import EntityTagDep, KnownEntityTagDep, SeenVersions
from app.presentation.http.dependencies import (
    AddressDigestsDep,
    ClockDep,
    ConsultationQueriesDep,
    CurrentActor,
    UowDep,
)
from app.presentation.http.idempotency import IdempotentUowDep
from app.presentation.http.pagination import PaginationDep
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.consultations import (
    ConsultationCreate,
    ConsultationListParams,
    ConsultationPage,
    ConsultationRead,
    ConsultationUpdate,
    ResponseCreate,
    ResponseRead,
    ResultsRead,
)

router = api_router("/consultations", "consultations")

VALIDATION_ERRORS = (
    ConsultationTitleError,
    ConsultationDescriptionError,
    ConsultationPeriodError,
    TooManyQuestionsError,
    QuestionTitleError,
    QuestionDescriptionError,
    OptionsError,
)
RESPONSE_VERSION = 1
"""The version of what is written once."""


@router.get("", summary="List consultations", **operation(Action.READ_CONSULTATIONS))
async def list_consultations(
    params: Annotated[ConsultationListParams, Query()],
    pagination: PaginationDep,
    queries: ConsultationQueriesDep,
    actor: CurrentActor,
) -> ConsultationPage:
    """The consultations that you can see, newest first, without their questions.

    You see open and closed ones that you are asked, the board also drafts and archived ones.
    """
    page = await consultations.list_consultations(
        params.to_filter(), pagination.request(params, sort=params.sort), actor=actor, queries=queries
    )
    return ConsultationPage.of(page, pagination.next_cursor(page, params))


@router.get(
    "/{id}",
    summary="Read a consultation",
    **operation(Action.READ_CONSULTATIONS, ConsultationNotFoundError),
)
async def read_consultation(
    id: UUID, queries: ConsultationQueriesDep, actor: CurrentActor, tag: KnownEntityTagDep
) -> ConsultationRead:
    """One consultation with its questions. What you cannot see is answered like what does not exist."""
    consultation = await consultations.read_consultation(id, actor=actor, queries=queries)
    tag.set(consultation.version)
    return ConsultationRead.model_validate(consultation)


@router.post(
    "",
    status_code=201,
    summary="Write a draft",
    **operation(Action.WRITE_CONSULTATIONS, *VALIDATION_ERRORS, creates=True),
)
async def create_consultation(
    *,
    body: ConsultationCreate,
    actor: CurrentActor,
    uow: IdempotentUowDep,
    clock: ClockDep,
    response: Response,
    tag: EntityTagDep,
) -> ConsultationRead:
    """Start a consultation as a draft that only the board sees.

    With `opens_at` it opens by itself, if it then has a question and `closes_at` is not over. It opens
    and closes at the second, on the clock of the database.
    """
    consultation = await consultations.create_consultation(body.to_draft(), actor=actor, uow=uow, clock=clock)
    response.headers["Location"] = f"/api/v1/consultations/{consultation.id}"
    tag.set(consultation.version)
    return ConsultationRead.model_validate(consultation)


@router.patch(
    "/{id}",
    summary="Edit a consultation",
    **operation(
        Action.WRITE_CONSULTATIONS,
        ConsultationNotFoundError,
        ConsultationArchivedError,
        ConsultationFrozenError,
        *VALIDATION_ERRORS,
        changes_version=True,
    ),
)
async def edit_consultation(
    *,
    id: UUID,
    body: ConsultationUpdate,
    actor: CurrentActor,
    seen: SeenVersions,
    uow: UowDep,
    clock: ClockDep,
    tag: EntityTagDep,
) -> ConsultationRead:
    """Change the fields that you send (JSON Merge Patch); `questions` replaces all of them.

    Once it is open, questions, `anonymous` and `opens_at` stay as they are, once closed `closes_at`
    too. An archived one takes no changes.
    """
    consultation = await consultations.edit_consultation(
        ConsultationId(id), body.to_changes(), seen=seen, actor=actor, uow=uow, clock=clock
    )
    tag.set(consultation.version)
    return ConsultationRead.model_validate(consultation)


@router.delete(
    "/{id}",
    status_code=204,
    summary="Delete a draft",
    **operation(
        Action.WRITE_CONSULTATIONS,
        ConsultationNotFoundError,
        ConsultationNotDraftError,
        changes_version=True,
    ),
)
async def remove_consultation(id: UUID, actor: CurrentActor, seen: SeenVersions, uow: UowDep) -> None:
    """Delete a draft for good. What people have seen is archived instead."""
    await consultations.remove_consultation(ConsultationId(id), seen=seen, actor=actor, uow=uow)


@router.post(
    "/{id}/open",
    summary="Open a draft",
    **operation(
        Action.WRITE_CONSULTATIONS,
        ConsultationNotFoundError,
        ConsultationNotDraftError,
        ConsultationIncompleteError,
    ),
)
async def open_consultation(
    id: UUID, actor: CurrentActor, uow: UowDep, tag: EntityTagDep
) -> ConsultationRead:
    """Let those who are asked see it and answer. From here questions and anonymity are fixed."""
    consultation = await consultations.open_consultation(ConsultationId(id), actor=actor, uow=uow)
    tag.set(consultation.version)
    return ConsultationRead.model_validate(consultation)


@router.post(
    "/{id}/close",
    summary="Close a consultation",
    **operation(Action.WRITE_CONSULTATIONS, ConsultationNotFoundError, ConsultationNotOpenError),
)
async def close_consultation(
    id: UUID, actor: CurrentActor, uow: UowDep, tag: EntityTagDep
) -> ConsultationRead:
    """Take no more answers. Ballots of an anonymous one are shuffled, and its results are there."""
    consultation = await consultations.close_consultation(ConsultationId(id), actor=actor, uow=uow)
    tag.set(consultation.version)
    return ConsultationRead.model_validate(consultation)


@router.post(
    "/{id}/archive",
    summary="Archive a consultation",
    **operation(Action.WRITE_CONSULTATIONS, ConsultationNotFoundError, ConsultationNotClosedError),
)
async def archive_consultation(
    id: UUID, actor: CurrentActor, uow: UowDep, tag: EntityTagDep
) -> ConsultationRead:
    """Take a closed consultation and its results from its readers; the board still sees them."""
    consultation = await consultations.archive_consultation(ConsultationId(id), actor=actor, uow=uow)
    tag.set(consultation.version)
    return ConsultationRead.model_validate(consultation)


@router.post(
    "/{id}/responses",
    status_code=201,
    summary="Answer a consultation",
    **operation(
        Action.ANSWER_CONSULTATIONS,
        ConsultationNotFoundError,
        ConsultationNotOpenError,
        AlreadyRespondedError,
        AnswerError,
        AnswerMissingError,
        creates=True,
    ),
)
async def create_response(
    *,
    id: UUID,
    body: ResponseCreate,
    actor: CurrentActor,
    uow: IdempotentUowDep,
    digests: AddressDigestsDep,
    response: Response,
) -> ResponseRead:
    """Give all your answers at once. There is one response a person, and it is never edited.

    Whoever erases their account cannot respond again with a new account of the same address.

    If the consultation is anonymous, nobody can find your answers any more, you included.
    """
    given = await consultations.create_response(
        ConsultationId(id), body.to_answers(), actor=actor, uow=uow, digests=digests
    )
    response.headers["Location"] = f"/api/v1/consultations/{id}/responses/mine"
    return ResponseRead.model_validate(given)


@router.get(
    "/{id}/responses/mine",
    summary="Read your response",
    **operation(Action.ANSWER_CONSULTATIONS, ConsultationNotFoundError, ResponseNotFoundError),
)
async def read_own_response(
    id: UUID, queries: ConsultationQueriesDep, actor: CurrentActor, tag: KnownEntityTagDep
) -> ResponseRead:
    """What you have answered; of an anonymous consultation only that you have."""
    given = await consultations.read_own_response(id, actor=actor, queries=queries)
    tag.set(RESPONSE_VERSION)
    return ResponseRead.model_validate(given)


@router.get(
    "/{id}/results",
    summary="Read the results",
    **operation(
        Action.READ_RESULTS,
        ConsultationNotFoundError,
        ConsultationNotClosedError,
        ResultsNotReadyError,
        ResultsPrivateError,
    ),
)
async def read_results(
    id: UUID, queries: ConsultationQueriesDep, actor: CurrentActor, tag: KnownEntityTagDep
) -> ResultsRead:
    """How often each option was chosen, and what was written.

    Once it is closed, and if `results_visibility` is PUBLIC, for everybody who was asked. The board
    also sees private results, and those of an open consultation that is not anonymous. Of an anonymous
    one that closed by itself the ballots are shuffled first, which takes about a minute: until then
    the answer is 409 with the code `results_not_ready`.
    """
    found = await consultations.read_results(id, actor=actor, queries=queries)
    tag.set(found.version)
    return ResultsRead.model_validate(found)
