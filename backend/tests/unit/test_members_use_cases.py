from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from app.application.access import Actor, ReauthenticationRequiredError
from app.application.jobs import SendAccountExistsNotice, SendOneTimeToken
from app.application.members import (
    Invitation,
    activate_member,
    change_role,
    deactivate_member,
    edit_member,
    edit_own_member,
    erase_member,
    erase_own_member,
    invite_member,
)
from app.application.one_time_tokens import send_one_time_token
from app.application.passwords import PasswordReset, reset_password
from app.application.ports import MailTemplate
from app.application.sessions import end_all_sessions, end_session
from app.domain.auth import OneTimePurpose, OneTimeToken, SessionNotFoundError
from app.domain.errors import ForbiddenError, VersionMismatchError
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import (
    EmailTakenError,
    Language,
    LastAdminError,
    Member,
    MemberNotFoundError,
    Role,
)
from app.infrastructure.security.signed_tokens import HmacOneTimeTokens
from tests.factories import PASSWORD, make_actor, make_member, make_session
from tests.fakes import (
    FakePasswordHasher,
    FixedClock,
    InMemoryStore,
    InMemoryUnitOfWork,
    PlainAddressDigests,
    RecordingMailer,
)

INVITATION = Invitation(
    email=EmailAddress("marta@pau2.example"),
    full_name="Marta",
    phone=None,
    role=Role.BOARD_MEMBER,
    language=Language.SPANISH,
)
ONE_TIME = HmacOneTimeTokens({"test": "t" * 32})


def given(store: InMemoryStore, **overrides: object) -> Member:
    member = make_member(**overrides)
    store.members[member.id] = member
    return member


@pytest.fixture
def admin(store: InMemoryStore) -> Member:
    return given(store, role=Role.ADMIN)


@pytest.fixture
def actor(admin: Member) -> Actor:
    return make_actor(Role.ADMIN, member_id=admin.id)


def audited(store: InMemoryStore) -> list[tuple[str, object, object]]:
    return [(entry.action, entry.actor_id, entry.subject_id) for entry in store.audit]


async def test_invited_member_chooses_a_password_by_mail_when_invited(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock, actor: Actor
) -> None:
    invited = await invite_member(INVITATION, actor=actor, uow=uow, clock=clock)

    assert (invited.role, invited.language, invited.may_log_in) == (
        Role.BOARD_MEMBER,
        Language.SPANISH,
        False,
    )
    (job,) = store.jobs
    mailer = RecordingMailer()
    hasher = FakePasswordHasher()
    assert isinstance(job, SendOneTimeToken)
    await send_one_time_token(job, uow=uow, clock=clock, tokens=ONE_TIME, mailer=mailer)
    template, to, language, values, _ = mailer.sent[0]
    assert (template, to, language) == (MailTemplate.INVITATION, INVITATION.email, Language.SPANISH)
    clock.move(timedelta(days=6, hours=23))
    reset = PasswordReset(token=values["token"], password=PASSWORD)
    await reset_password(reset, uow=uow, clock=clock, hasher=hasher, tokens=ONE_TIME)

    member = store.members[invited.id]
    assert (member.may_log_in, member.password_hash) == (True, f"hash:{PASSWORD}")
    assert audited(store)[0] == ("members:invite", actor.member_id, invited.id)


@pytest.mark.parametrize("own", [True, False])
async def test_stores_and_audits_the_change_when_version_is_current(
    *, own: bool, store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock, actor: Actor
) -> None:
    member = store.members[actor.member_id] if own else given(store)
    ports: dict[str, Any] = {"actor": actor, "uow": uow, "clock": clock}
    edit = edit_own_member if own else partial(edit_member, member.id)

    edited = await edit({"full_name": "Marta"}, versions=frozenset({1}), **ports)
    with pytest.raises(VersionMismatchError):
        await edit({"full_name": "Nobody"}, versions=frozenset({1}), **ports)

    assert edited.full_name == store.members[member.id].full_name == "Marta"
    action = "members:edit-own" if own else "members:edit"
    assert audited(store) == [(action, actor.member_id, member.id)]


async def test_refuses_to_invite_when_the_address_has_an_account(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock, actor: Actor
) -> None:
    given(store, email=INVITATION.email)

    with pytest.raises(EmailTakenError):
        await invite_member(INVITATION, actor=actor, uow=uow, clock=clock)
    assert (store.jobs, store.audit) == ([], [])


async def test_is_audited_when_a_role_changes(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock, actor: Actor
) -> None:
    member = given(store)

    changed = await change_role(
        member.id, Role.ADMIN, versions=frozenset({1}), actor=actor, uow=uow, clock=clock
    )

    assert (changed.role, store.members[member.id].role) == (Role.ADMIN, Role.ADMIN)
    assert audited(store) == [("members:set-role", actor.member_id, member.id)]


async def test_refuses_a_role_when_the_version_was_not_seen(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock, actor: Actor
) -> None:
    member = given(store)

    with pytest.raises(VersionMismatchError):
        await change_role(member.id, Role.ADMIN, versions=frozenset({2}), actor=actor, uow=uow, clock=clock)


@pytest.mark.parametrize("spare", [{"email_verified_at": None}, {"role": Role.BOARD_MEMBER}])
async def test_last_admin_who_can_log_in_stays_when_leaving_in_any_way(
    store: InMemoryStore,
    uow: InMemoryUnitOfWork,
    clock: FixedClock,
    actor: Actor,
    spare: dict[str, object],
) -> None:
    given(store, **{"role": Role.ADMIN} | spare)
    given(store, role=Role.ADMIN).is_active = False
    me = actor.member_id
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: change_role(me, Role.MEMBER, versions=None, actor=actor, uow=uow, clock=clock),
        lambda: deactivate_member(me, actor=actor, uow=uow, clock=clock),
        lambda: erase_own_member(
            versions=None, actor=actor, uow=uow, clock=clock, digests=PlainAddressDigests()
        ),
        lambda: erase_member(
            me, versions=None, actor=actor, uow=uow, clock=clock, digests=PlainAddressDigests()
        ),
    ]

    for attempt in attempts:
        with pytest.raises(LastAdminError):
            await attempt()

    assert (store.members[me].role, store.members[me].is_active) == (Role.ADMIN, True)
    assert store.audit == []


async def test_keeps_sessions_ended_when_account_is_reopened(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock, actor: Actor
) -> None:
    member = given(store)
    session = make_session(member)
    store.sessions[session.id] = session

    closed = await deactivate_member(member.id, actor=actor, uow=uow, clock=clock)
    opened = await activate_member(member.id, actor=actor, uow=uow, clock=clock)

    assert (closed.is_active, opened.is_active) == (False, True)
    assert store.sessions[session.id].revoked_at == clock.now()
    assert [action for action, *_ in audited(store)] == ["members:deactivate", "members:activate"]


@pytest.mark.usefixtures("admin")
async def test_leaves_only_a_tombstone_when_a_member_erases_themselves(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    member = given(store)
    other = given(store)
    for owner in (member, other):
        session = make_session(owner)
        token = OneTimeToken.issue(member_id=owner.id, purpose=OneTimePurpose.RECOVERY, at=clock.now())
        store.sessions[session.id] = session
        store.one_time_tokens[token.id] = token
        store.jobs += [
            SendOneTimeToken(token_id=token.id),
            SendAccountExistsNotice(notice_id=token.id, member_id=owner.id),
        ]
    kept = store.jobs[2:]

    await erase_own_member(
        versions=frozenset({1}),
        actor=make_actor(member_id=member.id),
        uow=uow,
        clock=clock,
        digests=PlainAddressDigests(),
    )

    tombstone = store.members[member.id]
    assert (tombstone.full_name, tombstone.erased_at) == ("Erased member", clock.now())
    assert {session.member_id for session in store.sessions.values()} == {other.id}
    assert {token.member_id for token in store.one_time_tokens.values()} == {other.id}
    assert store.jobs == kept
    assert audited(store) == [("members:erase-own", member.id, member.id)]
    async with uow:
        with pytest.raises(MemberNotFoundError):
            await uow.members.get(member.id)


async def test_leaves_the_same_tombstone_when_an_admin_erases_a_member(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock, actor: Actor
) -> None:
    member = given(store)
    session = make_session(member)
    store.sessions[session.id] = session

    await erase_member(
        member.id, versions=frozenset({1}), actor=actor, uow=uow, clock=clock, digests=PlainAddressDigests()
    )

    tombstone = store.members[member.id]
    assert (tombstone.full_name, tombstone.erased_at) == ("Erased member", clock.now())
    assert store.sessions == {}
    assert audited(store) == [("members:erase", actor.member_id, member.id)]


async def test_erases_nobody_when_log_in_is_old_or_version_is_stale(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    actor = make_actor(member_id=given(store).id)

    with pytest.raises(VersionMismatchError):
        await erase_own_member(
            versions=frozenset({7}), actor=actor, uow=uow, clock=clock, digests=PlainAddressDigests()
        )
    clock.move(timedelta(hours=1, seconds=1))
    with pytest.raises(ReauthenticationRequiredError):
        await erase_own_member(
            versions=None, actor=actor, uow=uow, clock=clock, digests=PlainAddressDigests()
        )
    admin = make_actor(Role.ADMIN)
    with pytest.raises(ReauthenticationRequiredError):
        await erase_member(
            actor.member_id, versions=None, actor=admin, uow=uow, clock=clock, digests=PlainAddressDigests()
        )


@pytest.mark.parametrize("role", [Role.SUPPORTER, Role.MEMBER, Role.BOARD_MEMBER])
async def test_refuses_when_somebody_else_than_an_admin_administrates(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock, role: Role
) -> None:
    member = given(store)
    actor = make_actor(role)
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: invite_member(INVITATION, actor=actor, uow=uow, clock=clock),
        lambda: change_role(member.id, Role.ADMIN, versions=None, actor=actor, uow=uow, clock=clock),
        lambda: deactivate_member(member.id, actor=actor, uow=uow, clock=clock),
        lambda: activate_member(member.id, actor=actor, uow=uow, clock=clock),
    ]

    for attempt in attempts:
        with pytest.raises(ForbiddenError):
            await attempt()


# Sessions


async def test_ends_one_session_when_it_is_ones_own_and_alive(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    member = given(store)
    mine = make_session(member)
    another = make_session(member)
    strange = make_session(given(store))
    store.sessions |= {session.id: session for session in (mine, another, strange)}
    actor = make_actor(member_id=member.id)

    await end_session(mine.id, actor=actor, uow=uow, clock=clock)

    for gone in (mine, strange):
        with pytest.raises(SessionNotFoundError):
            await end_session(gone.id, actor=actor, uow=uow, clock=clock)
    ended = {session.id for session in store.sessions.values() if session.revoked_at}
    assert ended == {mine.id}
    assert audited(store) == [("auth:end-sessions", member.id, member.id)]


async def test_ends_all_of_ones_sessions_and_no_others_when_asked(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    member = given(store)
    sessions = [make_session(member), make_session(member), make_session(given(store))]
    store.sessions |= {session.id: session for session in sessions}

    await end_all_sessions(actor=make_actor(member_id=member.id), uow=uow, clock=clock)

    assert [store.sessions[session.id].revoked_at for session in sessions] == [clock.now()] * 2 + [None]
    [entry] = store.audit
    assert (entry.action, entry.actor_id, entry.subject_id) == ("auth:end-sessions", member.id, member.id)
