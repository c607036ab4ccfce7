"""Routes of news."""

from typing import Any

from app.application.access import Action
from app.domain.news import ArticleScope, ArticleStatus
from tests.api.routes.requests import (
    WITH_ANY_VERSION,
    WITH_KEY,
    Call,
    Prepare,
    Request,
    RequestContext,
    Routes,
    plain,
    route,
)
from tests.factories import NOW, make_article, make_member
from tests.support.http import EXPORTS, NEWS

DRAFT = ArticleStatus.DRAFT
PUBLISHED = ArticleStatus.PUBLISHED
ARCHIVED = ArticleStatus.ARCHIVED
ARTICLE: dict[str, Any] = {"json": {"title": "Title", "content": "Content", "scope": "PUBLIC"}}
NEW_TITLE: dict[str, Any] = {"json": {"title": "New"}, **WITH_ANY_VERSION}


def article(status: ArticleStatus, scope: ArticleScope = ArticleScope.PUBLIC, **request: Any) -> Prepare:
    """Store an article of another author."""

    async def prepare(context: RequestContext) -> Request:
        author = make_member()
        article = make_article(author_id=author.id, scope=scope)
        if status is not DRAFT:
            article.publish(NOW)
        if status is ARCHIVED:
            article.archive(NOW)
        async with context.uow as uow:
            uow.members.add(author)
            await uow.flush()
            uow.news.add(article)
            await uow.commit()
        return {"id": str(article.id), **request}

    return prepare


ROUTES: Routes = {
    ("GET", NEWS): route(2, Call(200)),
    ("POST", NEWS): route(5, Call(201, plain(**ARTICLE)), Call(201, plain(**ARTICLE, **WITH_KEY))),
    ("GET", NEWS + "/{id}"): route(
        2,
        Call(200, article(PUBLISHED)),
        Call(200, article(PUBLISHED, ArticleScope.INTERNAL), visible=Action.READ_INTERNAL_NEWS),
        Call(200, article(DRAFT), visible=Action.READ_UNPUBLISHED_NEWS),
        Call(200, article(ARCHIVED), visible=Action.READ_UNPUBLISHED_NEWS),
    ),
    ("PATCH", NEWS + "/{id}"): route(
        3,
        Call(200, article(DRAFT, **NEW_TITLE)),
        Call(200, article(PUBLISHED, **ARTICLE, **WITH_ANY_VERSION)),
    ),
    ("DELETE", NEWS + "/{id}"): route(3, Call(204, article(PUBLISHED, **WITH_ANY_VERSION))),
    ("POST", NEWS + "/{id}/publish"): route(3, Call(200, article(DRAFT))),
    ("POST", NEWS + "/{id}/archive"): route(3, Call(200, article(PUBLISHED))),
    ("GET", f"{EXPORTS}/news"): route(4, Call(200)),
}
