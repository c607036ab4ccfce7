from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.application import consultations
from app.application.access import Action
from app.domain.consultations.answers import AnswerMissingError
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
from app.presentation.http.conditions import EntityTagDep, ExpectedVersions, KnownEntityTagDep
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
"""Responses keep their first version, because they cannot be edited."""


@router.get("", summary="List consultations", **operation(Action.READ_CONSULTATIONS))
async def list_consultations(
    params: Annotated[ConsultationListParams, Query()],
    pagination: PaginationDep,
    queries: ConsultationQueriesDep,
    actor: CurrentActor,
) -> ConsultationPage:
    """The consultations that you can see, newest first, without their questions.

    You see open and closed ones whose audience you belong to. The board also sees drafts and archived ones.
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
    """One consultation with its questions. The response is 404 for one that you cannot see."""
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

    With `opens_at` it opens automatically if it then has a question and `closes_at` has not passed. The
    database's clock decides, to the second.
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
    versions: ExpectedVersions,
    uow: UowDep,
    clock: ClockDep,
    tag: EntityTagDep,
) -> ConsultationRead:
    """Change the fields that you send (JSON Merge Patch); `questions` replaces all questions.

    Questions, `anonymous` and `opens_at` cannot change after opening, nor `closes_at` after closing. An
    archived consultation cannot change at all.
    """
    consultation = await consultations.edit_consultation(
        ConsultationId(id), body.to_changes(), versions=versions, actor=actor, uow=uow, clock=clock
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
async def remove_consultation(id: UUID, actor: CurrentActor, versions: ExpectedVersions, uow: UowDep) -> None:
    """Delete a draft permanently. Close and archive a consultation that has been open."""
    await consultations.remove_consultation(ConsultationId(id), versions=versions, actor=actor, uow=uow)


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
    """Let the audience see it and respond. Questions and anonymity cannot change any more."""
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
    """Accept no more responses. The ballots of an anonymous one are shuffled, and its results are ready."""
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
    """Hide a closed consultation and its results from everybody but the board."""
    consultation = await consultations.archive_consultation(ConsultationId(id), actor=actor, uow=uow)
    tag.set(consultation.version)
    return ConsultationRead.model_validate(consultation)


@router.post(
    "/{id}/responses",
    status_code=201,
    summary="Respond to a consultation",
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
    """Send all your answers in one request. Each person responds once, and a response cannot be edited.

    After erasing your account you cannot respond again with a new account of the same address.

    In an anonymous consultation nobody can find your answers afterwards, you included.
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
    """Your answers. For an anonymous consultation: only the fact that you responded."""
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
    """Read the number of choices of each option, and the texts.

    The audience sees them after closing, if `results_visibility` is PUBLIC. The board also sees private
    results, and those of an open consultation that is not anonymous. If an anonymous one closed
    automatically, its ballots are shuffled first, which takes about a minute: until then the response is 409
    with the code `results_not_ready`.
    """
    found = await consultations.read_results(id, actor=actor, queries=queries)
    tag.set(found.version)
    return ResultsRead.model_validate(found)
