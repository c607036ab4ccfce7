"""`Idempotency-Key` on requests that create (draft-ietf-httpapi-idempotency-key-header)."""

from typing import Annotated

from fastapi import Depends, Header, Response

from app.application.idempotency import IdempotentRequest, StoredResponse
from app.application.unit_of_work import UnitOfWork
from app.presentation.http.dependencies import CurrentActor, dependencies_of
from app.presentation.http.requests import StrictRequest

Key = Annotated[
    str | None,
    Header(
        max_length=255,
        pattern=r"^[!-~]+$",
        description=(
            "A value that identifies this request, such as a random UUID. If you repeat the request with "
            "the same key within 24 hours, you get the first response again, and nothing happens twice. "
            "Errors are not stored: the same key may succeed later."
        ),
        examples=["5a7d6e4e-3f1c-4b43-9d8e-0b9f8e1f2a3c"],
    ),
]


async def _idempotent_uow(
    request: StrictRequest, actor: CurrentActor, idempotency_key: Key = None
) -> UnitOfWork:
    """Return a unit of work. With a key, it stores the response in its own transaction."""
    if idempotency_key is None:
        return dependencies_of(request).uow()
    idempotent_request = IdempotentRequest.of(
        actor.member_id,
        route=f"{request.method} {request.scope['route'].path}",
        key=idempotency_key,
        path=request.url.path,
        body=await request.body(),
    )
    uow = dependencies_of(request).idempotent_uow(idempotent_request)

    async def complete(response: Response) -> None:
        await uow.complete(StoredResponse(response.status_code, dict(response.headers), bytes(response.body)))

    request.before_send = complete
    request.release = uow.close
    return uow


IdempotentUowDep = Annotated[UnitOfWork, Depends(_idempotent_uow)]
"""For each `POST` that creates a resource. Declare it with `operation(…, creates=True)`."""
