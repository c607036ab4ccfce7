"""Demo data: news of the last year."""

from datetime import timedelta

from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.members.member import Member, MemberId
from app.domain.news import Article, ArticleDraft, ArticleScope, ArticleStatus

PUBLIC, INTERNAL = ArticleScope
DRAFT, PUBLISHED, ARCHIVED = ArticleStatus

ARTICLES = (
    (330, "Welcome to our new website", "News, dates and surveys in one place.", PUBLIC, ARCHIVED),
    (290, "Minutes of the annual assembly", "What 84 neighbours decided.", INTERNAL, PUBLISHED),
    (255, "Bus 47 stops at the health centre", "Every 20 minutes, from Monday.", PUBLIC, PUBLISHED),
    (210, "Spring cleaning in the park", "Gloves and bags are there; bring water.", PUBLIC, PUBLISHED),
    (180, "Accounts of the first quarter", "Income, expenses, and what is left.", INTERNAL, PUBLISHED),
    (150, "Summer cinema in the square", "Four Fridays in July, at nightfall.", PUBLIC, PUBLISHED),
    (120, "The pool opens with new hours", "Weekdays from 11 to 21 h.", PUBLIC, ARCHIVED),
    (90, "Works in Calle del Olmo", "No parking for the first half of September.", PUBLIC, PUBLISHED),
    (60, "We meet the councillor", "Send us your questions before Thursday.", INTERNAL, PUBLISHED),
    (30, "The library looks for volunteers", "Two afternoons a month.", PUBLIC, PUBLISHED),
    (7, "Christmas market: reserve a stall", "Twelve stalls, first come, first served.", PUBLIC, PUBLISHED),
    (1, "Budget for next year", "Draft for the board's meeting.", INTERNAL, DRAFT),
)
"""Days ago, title, summary, scope, status."""


def add_news(board_member: Member, *, uow: UnitOfWork, clock: Clock) -> None:
    """Add the articles, written by a member of the board."""
    for article in ARTICLES:
        uow.news.add(_article(*article, author_id=board_member.id, clock=clock))


def _article(
    days_ago: int,
    title: str,
    summary: str,
    scope: ArticleScope,
    status: ArticleStatus,
    *,
    author_id: MemberId,
    clock: Clock,
) -> Article:
    at = clock.now() - timedelta(days=days_ago)
    draft = ArticleDraft(
        title=title,
        summary=summary,
        content=f"## {title}\n\n{summary}\n\nQuestions? Write to **board@pau2.example**.",
        scope=scope,
    )
    article = Article.create(draft, author_id=author_id, at=at)
    if status is not DRAFT:
        article.publish(at + timedelta(hours=2))
    if status is ARCHIVED:
        article.archive(at + timedelta(days=60))
    return article
