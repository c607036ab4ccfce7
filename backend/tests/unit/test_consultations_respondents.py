"""One response per person, even after erasure and a new registration."""

from datetime import timedelta

import pytest

from app.application.consultations import close_consultation, create_response, follow_schedule
from app.application.members import erase_member, erase_own_member
from app.domain.consultations.consultation import Consultation
from app.domain.consultations.responses import AlreadyRespondedError
from app.domain.errors import UnauthenticatedError
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Member, Role
from app.infrastructure.security.address_digests import HmacAddressDigests
from tests.factories import NOW, make_actor, make_answers, make_consultation, make_member
from tests.fakes import FixedClock, InMemoryStore, InMemoryUnitOfWork, PlainAddressDigests

MARTA = EmailAddress("marta@pau2.example")
DIGESTS = PlainAddressDigests()


class RespondentDriver:
    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.store = InMemoryStore()
        self.uow = InMemoryUnitOfWork(self.store, clock)

    def moved_in(self, email: EmailAddress = MARTA) -> Member:
        member = make_member(email=email, role=Role.MEMBER)
        self.store.members[member.id] = member
        return member

    def opened(self, *, anonymous: bool) -> Consultation:
        consultation = make_consultation(anonymous=anonymous)
        consultation.open(NOW)
        self.store.consultations[consultation.id] = consultation
        return consultation

    async def respond(
        self, consultation: Consultation, member: Member, digests: PlainAddressDigests = DIGESTS
    ) -> None:
        actor = make_actor(Role.MEMBER, member_id=member.id)
        answers = make_answers(consultation, 1)
        await create_response(consultation.id, answers, actor=actor, uow=self.uow, digests=digests)

    async def erase(self, member: Member, *, by_admin: bool = False) -> None:
        if by_admin:
            admin = make_actor(Role.ADMIN)
            await erase_member(
                member.id, versions=None, actor=admin, uow=self.uow, clock=self.clock, digests=DIGESTS
            )
        else:
            actor = make_actor(Role.MEMBER, member_id=member.id)
            await erase_own_member(
                versions=None, actor=actor, uow=self.uow, clock=self.clock, digests=DIGESTS
            )


@pytest.fixture
def driver(clock: FixedClock) -> RespondentDriver:
    return RespondentDriver(clock)


@pytest.mark.parametrize("by_admin", [False, True])
@pytest.mark.parametrize("anonymous", [False, True])
async def test_refuses_second_response_when_first_account_was_erased(
    *, anonymous: bool, by_admin: bool, driver: RespondentDriver
) -> None:
    answered = driver.opened(anonymous=anonymous)
    other = driver.opened(anonymous=anonymous)
    first = driver.moved_in()
    await driver.respond(answered, first)
    await driver.erase(first, by_admin=by_admin)
    second = driver.moved_in()

    with pytest.raises(AlreadyRespondedError):
        await driver.respond(answered, second)
    await driver.respond(other, second)
    await driver.respond(answered, driver.moved_in(EmailAddress("luis@pau2.example")))

    assert driver.store.erased_respondents == {(answered.id, DIGESTS.of(MARTA, answered.id)[0])}


async def test_refuses_second_response_when_opening_is_not_recorded(driver: RespondentDriver) -> None:
    consultation = make_consultation(opens_at=NOW + timedelta(minutes=10))
    driver.store.consultations[consultation.id] = consultation
    driver.clock.move(timedelta(minutes=20))
    first = driver.moved_in()
    await driver.respond(consultation, first)
    await driver.erase(first)

    with pytest.raises(AlreadyRespondedError):
        await driver.respond(consultation, driver.moved_in())


async def test_refuses_second_response_when_key_has_changed(driver: RespondentDriver) -> None:
    """Digests are written with the newest key and searched with every key."""

    class LaterDigests(PlainAddressDigests):
        keys = ("newest", "new")

    consultation = driver.opened(anonymous=True)
    first = driver.moved_in()
    await driver.respond(consultation, first)
    await driver.erase(first)

    with pytest.raises(AlreadyRespondedError):
        await driver.respond(consultation, driver.moved_in(), LaterDigests())


@pytest.mark.parametrize("by", ["the board", "the schedule"])
async def test_no_digest_is_left_when_the_consultation_closes(by: str, driver: RespondentDriver) -> None:
    consultation = driver.opened(anonymous=True)
    other = driver.opened(anonymous=False)
    first = driver.moved_in()
    for each in (consultation, other):
        await driver.respond(each, first)
    await driver.erase(first)

    if by == "the board":
        await close_consultation(consultation.id, actor=make_actor(Role.BOARD_MEMBER), uow=driver.uow)
    else:
        driver.store.consultations[consultation.id].closes_at = NOW
        await follow_schedule(uow=driver.uow)

    assert {key for key, _ in driver.store.erased_respondents} == {other.id}


async def test_leaves_no_digest_when_nothing_that_is_open_was_answered(driver: RespondentDriver) -> None:
    closed = driver.opened(anonymous=True)
    first = driver.moved_in()
    await driver.respond(closed, first)
    await close_consultation(closed.id, actor=make_actor(Role.BOARD_MEMBER), uow=driver.uow)
    driver.opened(anonymous=True)

    await driver.erase(first)

    assert driver.store.erased_respondents == set()


async def test_takes_no_response_when_the_member_was_erased_meanwhile(driver: RespondentDriver) -> None:
    consultation = driver.opened(anonymous=True)
    first = driver.moved_in()
    await driver.erase(first)

    with pytest.raises(UnauthenticatedError):
        await driver.respond(consultation, first)
    assert driver.store.ballots == []


def test_digests_differ_when_key_address_or_consultation_differs() -> None:
    one = make_consultation().id
    other = make_consultation().id
    luis = EmailAddress("luis@pau2.example")
    old = {"old": "o" * 32}
    new = {"new": "n" * 32}

    digests = HmacAddressDigests(new | old)

    assert digests.of(MARTA, one) == [
        *HmacAddressDigests(new).of(MARTA, one),
        *HmacAddressDigests(old).of(MARTA, one),
    ]
    made = [*digests.of(MARTA, one), *digests.of(MARTA, other), *digests.of(luis, one)]
    assert len(set(made)) == 6
    assert {len(digest) for digest in made} == {32}
