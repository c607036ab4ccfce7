from collections import Counter

from app.application.demo import ARTICLES, EVENTS, seed_demo
from app.application.setup import NewAdmin, create_admin
from app.domain.auth import Password
from app.domain.consultations.consultation import ConsultationStatus
from app.domain.events import EventAudience, EventStatus
from app.domain.members import EmailAddress, Role
from app.domain.news import ArticleStatus
from tests.fakes import FixedClock, InMemoryStore, InMemoryUnitOfWork


class ReversingHasher:
    async def hash(self, password: Password) -> str:
        return password.value[::-1]

    async def verify(self, password: Password, password_hash: str | None) -> bool:
        return password_hash == password.value[::-1]

    def needs_rehash(self, password_hash: str) -> bool:
        return password_hash == ""


async def test_can_log_in_at_once_when_an_admin_is_made(clock: FixedClock) -> None:
    store = InMemoryStore()
    admin = NewAdmin(EmailAddress("ada@pau2.example"), "Ada", Password.typed("thirteen-Umbrellas-sing"))

    made = await create_admin(admin, uow=InMemoryUnitOfWork(store), clock=clock, hasher=ReversingHasher())

    member = store.members[made.id]
    assert member.role is Role.ADMIN
    assert member.may_log_in
    assert member.password_hash == "gnis-sallerbmU-neetriht"
    [entry] = store.audit
    assert (entry.action, entry.subject_id) == ("members:create-admin", made.id)


class RecordingCrowd:
    def __init__(self) -> None:
        self.added: list[tuple[int, str]] = []

    async def add(self, count: int, *, password_hash: str) -> None:
        self.added.append((count, password_hash))


async def test_stores_one_account_a_role_and_every_article_when_seeded(clock: FixedClock) -> None:
    store = InMemoryStore()

    crowd = RecordingCrowd()
    uow = InMemoryUnitOfWork(store)

    fresh = await seed_demo(50, uow=uow, clock=clock, hasher=ReversingHasher(), crowd=crowd)

    assert fresh
    assert crowd.added == [(50, "24-revir-teiuq-omed")]
    assert Counter(member.role for member in store.members.values()) == Counter(list(Role))
    assert all(member.may_log_in for member in store.members.values())
    assert {member.password_hash for member in store.members.values()} == {"24-revir-teiuq-omed"}
    assert Counter(article.status for article in store.news.values()) == Counter(
        status for *_, status in ARTICLES
    )
    assert all(
        article.published_at is None or article.published_at < clock.now() for article in store.news.values()
    )
    assert {article.status for article in store.news.values()} == set(ArticleStatus)
    opened, over = store.consultations.values()
    assert (opened.status, opened.anonymous) == (ConsultationStatus.OPEN, True)
    assert (over.status, over.anonymous) == (ConsultationStatus.CLOSED, False)
    assert {response.member_id for response in store.responses} == set(store.members)
    assert {response.consultation_id for response in store.responses} == {over.id}
    assert Counter(event.status for event in store.events.values()) == Counter(plan.status for plan in EVENTS)
    assert {event.status for event in store.events.values()} == set(EventStatus)
    assert {event.audience for event in store.events.values()} == set(EventAudience)
    assert all(event.updated_at <= clock.now() for event in store.events.values())


async def test_adds_only_further_members_when_seeded_again(clock: FixedClock) -> None:
    store = InMemoryStore()
    uow = InMemoryUnitOfWork(store)
    crowd = RecordingCrowd()
    await seed_demo(50, uow=uow, clock=clock, hasher=ReversingHasher(), crowd=crowd)
    before = (set(store.members), set(store.news), set(store.consultations))

    fresh = await seed_demo(100, uow=uow, clock=clock, hasher=ReversingHasher(), crowd=crowd)

    assert not fresh
    assert (set(store.members), set(store.news), set(store.consultations)) == before
    assert [count for count, _ in crowd.added] == [50, 100]
