"""Demo data for development: an account per role, a year of news and events, two consultations."""

from datetime import timedelta
from typing import NamedTuple, Protocol

from app.application.demo_consultations import add_consultations
from app.application.ports import Clock, PasswordHasher
from app.application.unit_of_work import UnitOfWork
from app.domain.auth import Password
from app.domain.events import Event, EventAudience, EventDraft, EventStatus
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import Member, MemberId, Role
from app.domain.news import Article, ArticleDraft, ArticleScope, ArticleStatus

ACCOUNTS = {
    "admin": ("Alba Ferrer", Role.ADMIN),
    "board": ("Bruno Castillo", Role.BOARD_MEMBER),
    "member": ("Marta Ibáñez", Role.MEMBER),
    "supporter": ("Samuel Ortega", Role.SUPPORTER),
}
DEMO_CREDENTIAL = "demo-quiet-river-42"

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


EVERYBODY, MEMBERS, BOARD = EventAudience
PLANNED, ANNOUNCED, OFF, OVER = EventStatus


class DemoEvent(NamedTuple):
    """An event in so many days, at this hour (UTC), for so many hours."""

    in_days: int
    hour: int
    hours: int
    title: str
    location: str
    organizer: str
    audience: EventAudience
    status: EventStatus


EVENTS = (
    DemoEvent(-300, 18, 2, "Annual assembly", "Civic centre, hall 2", "Board", MEMBERS, OVER),
    DemoEvent(-205, 10, 4, "Spring cleaning", "Riverside park", "Green group", EVERYBODY, OVER),
    DemoEvent(-150, 21, 3, "Summer cinema", "Plaza Mayor", "Culture group", EVERYBODY, OVER),
    DemoEvent(-143, 21, 3, "Summer cinema", "Plaza Mayor", "Culture group", EVERYBODY, OFF),
    DemoEvent(-40, 17, 2, "Questions to the councillor", "Library, ground floor", "Board", MEMBERS, OVER),
    DemoEvent(3, 18, 2, "Board meeting", "Association office", "Board", BOARD, ANNOUNCED),
    DemoEvent(5, 17, 3, "Help with the lanterns", "Association office", "Culture group", MEMBERS, ANNOUNCED),
    DemoEvent(9, 11, 2, "Walk along the old canal", "Mill bridge", "History group", EVERYBODY, ANNOUNCED),
    DemoEvent(14, 19, 2, "Choir rehearsal, open doors", "School, music room", "Choir", EVERYBODY, OFF),
    DemoEvent(20, 10, 10, "Christmas market", "Plaza Mayor", "Culture group", EVERYBODY, ANNOUNCED),
    DemoEvent(
        43, 17, 3, "Three Kings' chocolate", "Civic centre, hall 1", "Families' group", MEMBERS, ANNOUNCED
    ),
    DemoEvent(70, 18, 2, "Annual assembly", "Civic centre, hall 2", "Board", MEMBERS, PLANNED),
)


class DemoMembers(Protocol):
    async def add(self, count: int, *, password_hash: str) -> None:
        """Store the first `count` of an endless, always equal row of people, unless they are there."""
        ...


async def seed_demo(
    count: int, *, uow: UnitOfWork, clock: Clock, hasher: PasswordHasher, extra_members: DemoMembers
) -> bool:
    """Store the demo data and `count` more members; return False when the demo data was there.

    All demo accounts have the same password.
    """
    password_hash = await hasher.hash(Password.typed(DEMO_CREDENTIAL))
    fresh = await _seed_accounts(password_hash, uow=uow, clock=clock)
    await extra_members.add(count, password_hash=password_hash)
    return fresh


async def _seed_accounts(password_hash: str, *, uow: UnitOfWork, clock: Clock) -> bool:
    async with uow:
        if await uow.members.find_by_email(_email("admin")) is not None:
            return False
        members = [_member(name, password_hash, clock) for name in ACCOUNTS]
        for member in members:
            uow.members.add(member)
        await uow.flush()
        for article in ARTICLES:
            uow.news.add(_article(*article, author_id=members[1].id, clock=clock))
        await add_consultations(members[1], members, uow=uow, clock=clock)
        for event in EVENTS:
            uow.events.add(_event(event, created_by=members[1].id, clock=clock))
        await uow.commit()
    return True


def _email(name: str) -> EmailAddress:
    return EmailAddress.parse(f"{name}@pau2.example")


def _member(name: str, password_hash: str, clock: Clock) -> Member:
    full_name, role = ACCOUNTS[name]
    joined_at = clock.now() - timedelta(days=365)
    return Member.create(
        email=_email(name),
        password_hash=password_hash,
        full_name=full_name,
        phone=PhoneNumber.parse(f"+34 600 000 {len(name):03}"),
        role=role,
        email_verified_at=joined_at,
        at=joined_at,
    )


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


def _event(event_plan: DemoEvent, *, created_by: MemberId, clock: Clock) -> Event:
    now = clock.now()
    starts_at = (now + timedelta(days=event_plan.in_days)).replace(hour=event_plan.hour, minute=0, second=0)
    planned_at = min(now, starts_at) - timedelta(days=20)
    draft = EventDraft(
        title=event_plan.title,
        description="Come as you are, and bring a neighbour.",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=event_plan.hours),
        location=event_plan.location,
        organizer=event_plan.organizer,
        audience=event_plan.audience,
    )
    event = Event.create(draft, created_by=created_by, at=planned_at)
    if event_plan.status is not PLANNED:
        event.publish(planned_at + timedelta(hours=2))
    if event_plan.status is OFF:
        event.cancel(planned_at + timedelta(days=18))
    if event_plan.status is OVER:
        event.complete(event.ends_at)
    return event
