from collections import Counter
from collections.abc import Callable

import pytest

from app.application.demo import seed_demo
from app.application.demo_events import EVENTS
from app.application.demo_news import ARTICLES
from app.application.one_time_tokens import issue_and_mail
from app.application.setup import AdminRequest, NewAdmin, create_admin
from app.domain.auth import OneTimePurpose, Password
from app.domain.consultations.consultation import ConsultationStatus
from app.domain.events import EventAudience, EventStatus
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import NO_PASSWORD, EmailTakenError, Role
from app.domain.news import ArticleStatus
from tests.factories import make_member
from tests.fakes import FixedClock, InMemoryStore, InMemoryUnitOfWork

ADA = EmailAddress("ada@pau2.example")


class ReversingHasher:
    async def hash(self, password: Password) -> str:
        return password.value[::-1]

    async def verify(self, password: Password, password_hash: str | None) -> bool:
        return password_hash == password.value[::-1]

    def needs_rehash(self, password_hash: str) -> bool:
        return password_hash == ""


class LeftAloneError(Exception):
    """The operator declined."""


def leave_alone() -> NewAdmin:
    raise LeftAloneError


def describe_ada() -> NewAdmin:
    return NewAdmin("Ada", Password.typed("thirteen-Umbrellas-sing"))


async def asked(
    store: InMemoryStore,
    clock: FixedClock,
    *,
    confirm: Callable[[], object] = describe_ada,
    describe: Callable[[], NewAdmin] = describe_ada,
) -> bool:
    def confirm_promotion() -> None:
        confirm()

    request = AdminRequest(ADA, confirm_promotion, describe)
    return await create_admin(request, uow=InMemoryUnitOfWork(store), clock=clock, hasher=ReversingHasher())


async def test_can_log_in_at_once_when_an_admin_is_made(clock: FixedClock) -> None:
    store = InMemoryStore()

    promoted = await asked(store, clock)

    assert not promoted
    [member] = store.members.values()
    assert (member.email, member.full_name, member.role) == (ADA, "Ada", Role.ADMIN)
    assert member.may_log_in
    assert member.password_hash == "gnis-sallerbmU-neetriht"
    [entry] = store.audit
    assert (entry.action, entry.subject_id) == ("members:create-admin", member.id)


async def test_promotes_after_confirmation_when_address_is_a_members(clock: FixedClock) -> None:
    store = InMemoryStore()
    member = make_member(email=ADA, full_name="Ada Sanz")
    store.members[member.id] = member
    with pytest.raises(LeftAloneError):
        await asked(store, clock, confirm=leave_alone)
    assert store.members[member.id].role is Role.SUPPORTER

    promoted = await asked(store, clock, describe=leave_alone)

    assert promoted
    admin = store.members[member.id]
    assert (admin.role, admin.full_name, admin.password_hash) == (
        Role.ADMIN,
        "Ada Sanz",
        member.password_hash,
    )
    assert [(entry.action, entry.subject_id) for entry in store.audit] == [
        ("members:promote-admin", member.id)
    ]


@pytest.mark.parametrize("password_hash", [NO_PASSWORD, "of a stranger"])
async def test_keeps_nothing_of_a_stranger_when_address_is_unverified(
    password_hash: str, clock: FixedClock
) -> None:
    store = InMemoryStore()
    uow = InMemoryUnitOfWork(store)
    stranger = make_member(email=ADA, password_hash=password_hash, email_verified_at=None)
    store.members[stranger.id] = stranger
    async with uow:
        await issue_and_mail(stranger, OneTimePurpose.VERIFY_EMAIL, uow=uow, at=clock.now())
        await uow.commit()

    await asked(store, clock)

    [member] = store.members.values()
    assert (member.full_name, member.role, member.may_log_in) == ("Ada", Role.ADMIN, True)
    assert member.password_hash == "gnis-sallerbmU-neetriht"
    assert store.one_time_tokens == {}


async def test_refuses_when_the_member_is_not_active(clock: FixedClock) -> None:
    store = InMemoryStore()
    member = make_member(email=ADA)
    member.deactivate(admins=set(), at=clock.now())
    store.members[member.id] = member

    with pytest.raises(EmailTakenError):
        await asked(store, clock)

    assert store.members[member.id].role is Role.SUPPORTER


class RecordingCrowd:
    def __init__(self) -> None:
        self.added: list[tuple[int, str]] = []

    async def add(self, count: int, *, password_hash: str) -> None:
        self.added.append((count, password_hash))


async def test_stores_one_account_a_role_and_every_article_when_seeded(clock: FixedClock) -> None:
    store = InMemoryStore()

    crowd = RecordingCrowd()
    uow = InMemoryUnitOfWork(store)

    fresh = await seed_demo(50, uow=uow, clock=clock, hasher=ReversingHasher(), extra_members=crowd)

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
    await seed_demo(50, uow=uow, clock=clock, hasher=ReversingHasher(), extra_members=crowd)
    before = (set(store.members), set(store.news), set(store.consultations))

    fresh = await seed_demo(100, uow=uow, clock=clock, hasher=ReversingHasher(), extra_members=crowd)

    assert not fresh
    assert (set(store.members), set(store.news), set(store.consultations)) == before
    assert [count for count, _ in crowd.added] == [50, 100]
