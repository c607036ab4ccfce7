from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.application import sessions
from app.application.access import Action
from app.domain.auth import SessionId, SessionNotFoundError
from app.presentation.http.dependencies import ClockDep, CurrentActor, SessionQueriesDep, UowDep
from app.presentation.http.pagination import PaginationDep
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.auth import SessionListParams, SessionPage

router = api_router("/auth/sessions", "auth")


@router.get("", summary="List your sessions", **operation(Action.READ_OWN_SESSIONS))
async def list_sessions(
    params: Annotated[SessionListParams, Query()],
    pagination: PaginationDep,
    actor: CurrentActor,
    queries: SessionQueriesDep,
) -> SessionPage:
    """Your open sessions. Sessions that have ended are not shown."""
    page = await sessions.list_sessions(
        pagination.request(params, sort=params.sort), actor=actor, queries=queries
    )
    return SessionPage.of(page, pagination.next_cursor(page, params))


@router.delete(
    "/{id}",
    status_code=204,
    summary="End a session",
    **operation(Action.END_OWN_SESSIONS, SessionNotFoundError),
)
async def end_session(id: UUID, actor: CurrentActor, uow: UowDep, clock: ClockDep) -> None:
    """End one of your sessions immediately. A session has no version, so it needs no `If-Match`."""
    await sessions.end_session(SessionId(id), actor=actor, uow=uow, clock=clock)


@router.delete("", status_code=204, summary="End all sessions", **operation(Action.END_OWN_SESSIONS))
async def end_all_sessions(actor: CurrentActor, uow: UowDep, clock: ClockDep) -> None:
    """End all your sessions, including this one."""
    await sessions.end_all_sessions(actor=actor, uow=uow, clock=clock)
