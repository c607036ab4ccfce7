from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.application import news
from app.application.access import Action
from app.domain.news import (
    ArticleArchivedError,
    ArticleContentError,
    ArticleId,
    ArticleNotDraftError,
    ArticleNotFoundError,
    ArticleNotPublishedError,
    ArticleSummaryError,
    ArticleTitleError,
    CoverUrlError,
)
from app.presentation.http.conditions import EntityTagDep, ExpectedVersions, KnownEntityTagDep
from app.presentation.http.dependencies import (
    ClockDep,
    CurrentActor,
    NewsQueriesDep,
    OptionalActor,
    UowDep,
)
from app.presentation.http.idempotency import IdempotentUowDep
from app.presentation.http.pagination import PaginationDep
from app.presentation.http.routing import api_router, operation
from app.presentation.http.schemas.news import (
    NewsCreate,
    NewsListParams,
    NewsPage,
    NewsRead,
    NewsUpdate,
)

router = api_router("/news", "news")

VALIDATION_ERRORS = (ArticleTitleError, ArticleSummaryError, ArticleContentError, CoverUrlError)


@router.get("", summary="List news", **operation(Action.READ_PUBLIC_NEWS))
async def list_articles(
    params: Annotated[NewsListParams, Query()],
    pagination: PaginationDep,
    queries: NewsQueriesDep,
    actor: OptionalActor,
) -> NewsPage:
    """The articles that you can see, newest first, without their content.

    Everybody sees published PUBLIC articles, members also INTERNAL articles, the board also drafts and
    archived articles.
    """
    page = await news.list_articles(
        params.to_filter(), pagination.request(params, sort=params.sort), actor=actor, queries=queries
    )
    return NewsPage.of(page, pagination.next_cursor(page, params))


@router.get("/{id}", summary="Read an article", **operation(Action.READ_PUBLIC_NEWS, ArticleNotFoundError))
async def read_article(
    id: UUID, queries: NewsQueriesDep, actor: OptionalActor, tag: KnownEntityTagDep
) -> NewsRead:
    """One article with its content. The response is 404 for one that you cannot see."""
    article = await news.read_article(ArticleId(id), actor=actor, queries=queries)
    tag.set(article.version)
    return NewsRead.model_validate(article)


@router.post(
    "",
    status_code=201,
    summary="Write a draft",
    **operation(Action.WRITE_NEWS, *VALIDATION_ERRORS, creates=True),
)
async def create_article(
    *,
    body: NewsCreate,
    actor: CurrentActor,
    uow: IdempotentUowDep,
    clock: ClockDep,
    response: Response,
    tag: EntityTagDep,
) -> NewsRead:
    """Start an article as a draft that only the board sees; you become its author."""
    article = await news.create_article(body.to_draft(), actor=actor, uow=uow, clock=clock)
    response.headers["Location"] = f"/api/v1/news/{article.id}"
    tag.set(article.version)
    return NewsRead.model_validate(article)


@router.patch(
    "/{id}",
    summary="Edit an article",
    **operation(
        Action.WRITE_NEWS,
        ArticleNotFoundError,
        ArticleArchivedError,
        *VALIDATION_ERRORS,
        changes_version=True,
    ),
)
async def edit_article(
    *,
    id: UUID,
    body: NewsUpdate,
    actor: CurrentActor,
    versions: ExpectedVersions,
    uow: UowDep,
    clock: ClockDep,
    tag: EntityTagDep,
) -> NewsRead:
    """Change the fields that you send (JSON Merge Patch). An archived article cannot change."""
    article = await news.edit_article(
        ArticleId(id), body.to_changes(), versions=versions, actor=actor, uow=uow, clock=clock
    )
    tag.set(article.version)
    return NewsRead.model_validate(article)


@router.delete(
    "/{id}",
    status_code=204,
    summary="Remove an article",
    **operation(Action.WRITE_NEWS, ArticleNotFoundError, changes_version=True),
)
async def remove_article(
    id: UUID, actor: CurrentActor, versions: ExpectedVersions, uow: UowDep, clock: ClockDep
) -> None:
    """Remove the article for everybody, whatever its status. This cannot be undone."""
    await news.remove_article(ArticleId(id), versions=versions, actor=actor, uow=uow, clock=clock)


@router.post(
    "/{id}/publish",
    summary="Publish a draft",
    **operation(Action.WRITE_NEWS, ArticleNotFoundError, ArticleNotDraftError),
)
async def publish_article(
    id: UUID, actor: CurrentActor, uow: UowDep, clock: ClockDep, tag: EntityTagDep
) -> NewsRead:
    """Show a draft to its readers: everybody, or members if its scope is INTERNAL."""
    article = await news.publish_article(ArticleId(id), actor=actor, uow=uow, clock=clock)
    tag.set(article.version)
    return NewsRead.model_validate(article)


@router.post(
    "/{id}/archive",
    summary="Archive an article",
    **operation(Action.WRITE_NEWS, ArticleNotFoundError, ArticleNotPublishedError),
)
async def archive_article(
    id: UUID, actor: CurrentActor, uow: UowDep, clock: ClockDep, tag: EntityTagDep
) -> NewsRead:
    """Hide a published article from everybody but the board."""
    article = await news.archive_article(ArticleId(id), actor=actor, uow=uow, clock=clock)
    tag.set(article.version)
    return NewsRead.model_validate(article)
