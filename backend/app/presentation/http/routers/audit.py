from typing import Annotated

from fastapi import Query

from app.application import audit
from app.application.access import Action
from app.presentation.http.dependencies import AuditQueriesDep, CurrentActor
from app.presentation.http.pagination import PaginationDep
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.audit import AuditListParams, AuditPage

router = api_router("/audit-log", "audit")


@router.get("", summary="Read the audit log", **operation(Action.READ_AUDIT_LOG))
async def list_audit_entries(
    params: Annotated[AuditListParams, Query()],
    pagination: PaginationDep,
    actor: CurrentActor,
    queries: AuditQueriesDep,
) -> AuditPage:
    """The log of log-ins, failed log-ins, edits of members and exports, newest first. For admins."""
    page = await audit.list_audit_entries(
        params.to_filter(), pagination.request(params, sort=params.sort), actor=actor, queries=queries
    )
    return AuditPage.of(page, pagination.next_cursor(page, params))
