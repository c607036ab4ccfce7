from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest

from app.domain.errors import ConflictError, RuleViolationError
from app.domain.news import (
    Article,
    ArticleArchivedError,
    ArticleChanges,
    ArticleContentError,
    ArticleNotDraftError,
    ArticleNotPublishedError,
    ArticleScope,
    ArticleStatus,
    ArticleSummaryError,
    ArticleTitleError,
    CoverUrlError,
)
from tests.factories import NOW, make_article

LATER = NOW + timedelta(hours=1)


def published(**overrides: object) -> Article:
    article = make_article(**overrides)
    article.publish(NOW)
    return article


def archived() -> Article:
    article = published()
    article.archive(NOW)
    return article


def test_is_a_draft_without_publication_date_when_created() -> None:
    article = make_article()

    assert article.status is ArticleStatus.DRAFT
    assert article.published_at is None
    assert article.created_at == article.updated_at == NOW


def test_is_dated_when_published() -> None:
    article = make_article()

    article.publish(LATER)

    assert article.status is ArticleStatus.PUBLISHED
    assert article.published_at == article.updated_at == LATER


def test_keeps_its_publication_date_when_archived() -> None:
    article = published()

    article.archive(LATER)

    assert article.status is ArticleStatus.ARCHIVED
    assert article.published_at == NOW
    assert article.updated_at == LATER


@pytest.mark.parametrize(
    ("make", "verb", "error"),
    [
        (published, Article.publish, ArticleNotDraftError),
        (archived, Article.publish, ArticleNotDraftError),
        (make_article, Article.archive, ArticleNotPublishedError),
        (archived, Article.archive, ArticleNotPublishedError),
    ],
)
def test_refuses_a_change_of_status_when_it_comes_out_of_order(
    make: Callable[[], Article], verb: Callable[..., None], error: type[ConflictError]
) -> None:
    article = make()
    before = dict(vars(article))

    with pytest.raises(error):
        verb(article, LATER)

    assert vars(article) == before


def test_changes_only_what_is_given_when_edited() -> None:
    article = make_article(summary="Short.", cover_url="https://pau2.example/a.jpg")

    article.edit(ArticleChanges(title="  New title ", summary=None), LATER)

    assert (article.title, article.summary) == ("New title", None)
    assert article.cover_url == "https://pau2.example/a.jpg"
    assert article.content == "From **Monday**."
    assert article.scope is ArticleScope.PUBLIC
    assert article.updated_at == LATER


def test_changes_everything_when_all_is_given() -> None:
    article = published()
    changes = ArticleChanges(
        title="T",
        summary="S",
        content="C",
        cover_url="https://pau2.example/b.jpg",
        scope=ArticleScope.INTERNAL,
    )

    article.edit(changes, LATER)

    assert {key: getattr(article, key) for key in changes} == changes


def test_refuses_an_edit_when_archived() -> None:
    with pytest.raises(ArticleArchivedError):
        archived().edit(ArticleChanges(title="New"), LATER)


def test_is_marked_when_removed() -> None:
    article = archived()

    article.remove(LATER)

    assert article.deleted_at == article.updated_at == LATER


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("title", "", ArticleTitleError),
        ("title", " \t ", ArticleTitleError),
        ("title", "x" * 201, ArticleTitleError),
        ("summary", "", ArticleSummaryError),
        ("summary", "x" * 501, ArticleSummaryError),
        ("content", "\n\n", ArticleContentError),
        ("content", "", ArticleContentError),
        ("content", "x" * 100_001, ArticleContentError),
        ("cover_url", "http://pau2.example/a.jpg", CoverUrlError),
        ("cover_url", "javascript:alert(1)", CoverUrlError),
        ("cover_url", "https://", CoverUrlError),
        ("cover_url", "https://[", CoverUrlError),
        ("cover_url", "https://pau2.example/a b.jpg", CoverUrlError),
        ("cover_url", "https://pau2.example\\@other.example/", CoverUrlError),
        ("cover_url", "https://pau2.example@other.example/", CoverUrlError),
        ("cover_url", "https://pau2.example/\u202egpj.exe", CoverUrlError),
        ("cover_url", "https://pau2.example/" + "x" * (2001 - 21), CoverUrlError),
    ],
)
def test_refuses_a_value_when_it_breaks_a_rule(
    field: str, value: str, error: type[RuleViolationError]
) -> None:
    with pytest.raises(error):
        make_article(**{field: value})
    with pytest.raises(error) as raised:
        make_article().edit(cast("ArticleChanges", {field: value}), LATER)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 200),
        ("summary", "x" * 500),
        ("content", "x" * 100_000),
        ("cover_url", "https://pau2.example/" + "x" * (2000 - 21)),
        ("cover_url", "https://[2001:db8::1]:8443/~A-Z_0.9!$&'()*+,;=:@%20?x=[/]#y"),
    ],
)
def test_accepts_a_value_when_it_is_just_allowed(field: str, value: str) -> None:
    assert getattr(make_article(**{field: value}), field) == value
