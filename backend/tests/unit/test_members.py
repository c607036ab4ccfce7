from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta

import pytest

from app.domain.members.contact_details import (
    EmailAddress,
    EmailAddressError,
    PhoneNumber,
    PhoneNumberError,
)
from app.domain.members.member import (
    NO_PASSWORD,
    FullNameError,
    Language,
    LastAdminError,
    Member,
    MemberActiveError,
    MemberInactiveError,
    Role,
)
from tests.factories import NOW, make_member

LATER = NOW + timedelta(days=1)
LONGEST_ADDRESS = f"{'m' * 4}@{'a.' * 121}example"  # 254 characters


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Marta@PAU2.Example", "marta@pau2.example"),
        ("  marta@pau2.example ", "marta@pau2.example"),
        ("marta@XN--Bcher-kva.example", "marta@xn--bcher-kva.example"),
        ("marta+list@pau2.example", "marta+list@pau2.example"),
        ("\uff4darta@pau2.example", "marta@pau2.example"),
        (f"{'a' * 64}@pau2.example", f"{'a' * 64}@pau2.example"),
        (LONGEST_ADDRESS, LONGEST_ADDRESS),
    ],
)
def test_addresses_are_equal_when_people_mean_the_same(typed: str, stored: str) -> None:
    assert EmailAddress.parse(typed) == EmailAddress(stored)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "marta",
        "@pau2.example",
        "marta@",
        "marta@localhost",
        "marta@pau2..example",
        "marta@-pau2.example",
        "marta@pau2.example.",
        "marta@127.0.0.1",
        "mar ta@pau2.example",
        ".marta@pau2.example",
        "marta@pau2.example\r\nBcc: all@pau2.example",
        "marta@pau2.example,all@pau2.example",
        "märta@pau2.example",
        "marta@bücher.example",
        "marta@pau2.example\u200b",
        "m\u0131ke@pau2.example",
        f"{'a' * 65}@pau2.example",
        f"marta@{'a' * 64}.example",
        f"marta@{'a.' * 125}example",
        f"a{LONGEST_ADDRESS}",
    ],
)
def test_refuses_an_address_when_no_mail_can_go_there(text: str) -> None:
    with pytest.raises(EmailAddressError):
        EmailAddress.parse(text)


@pytest.mark.parametrize("typed", ["+34 600 111 222", "+34-600.111.222", "+(34)600111222"])
def test_phone_numbers_are_e164_when_typed_with_separators(typed: str) -> None:
    assert str(PhoneNumber.parse(typed)) == "+34600111222"


@pytest.mark.parametrize("text", ["", "600111222", "+0600111222", "+123456", "+1234567890123456", "+34x"])
def test_refuses_a_phone_number_when_it_is_not_e164(text: str) -> None:
    with pytest.raises(PhoneNumberError):
        PhoneNumber.parse(text)


def test_hides_personal_values_when_a_member_is_printed() -> None:
    member = make_member(
        email=EmailAddress("canary@pau2.example"),
        full_name="Canary Name",
        password_hash="canary-hash",
        phone=PhoneNumber("+34600000001"),
    )

    assert "anary" not in repr(member)
    assert "+34600000001" not in repr(member)


@pytest.mark.parametrize(
    ("role", "other", "suffices"),
    [
        (Role.ADMIN, Role.BOARD_MEMBER, True),
        (Role.MEMBER, Role.MEMBER, True),
        (Role.SUPPORTER, Role.MEMBER, False),
        (Role.BOARD_MEMBER, Role.ADMIN, False),
    ],
)
def test_roles_include_the_lower_ones_when_compared(role: Role, other: Role, suffices: bool) -> None:
    assert role.at_least(other) is suffices


def test_is_an_unverified_supporter_when_nothing_else_is_said() -> None:
    member = make_member(email_verified_at=None)

    assert (member.role, member.is_active, member.may_log_in) == (Role.SUPPORTER, True, False)
    assert (member.created_at, member.updated_at) == (NOW, NOW)


def test_may_log_in_when_verified_and_active() -> None:
    member = make_member(email_verified_at=None)
    member.verify_email(NOW)
    assert member.may_log_in

    member.is_active = False
    assert not member.may_log_in


def test_keeps_the_first_date_when_verified_again() -> None:
    member = make_member(email_verified_at=None)

    member.verify_email(NOW)
    member.verify_email(LATER)

    assert (member.email_verified_at, member.updated_at) == (NOW, NOW)


@pytest.mark.parametrize("full_name", ["N", "x" * 120])
def test_accepts_a_name_when_its_length_is_at_a_limit(full_name: str) -> None:
    assert make_member(full_name=full_name).full_name == full_name


@pytest.mark.parametrize(
    "full_name", ["", "   ", "x" * 121, "\u200b", "WIN 500 EUR now http://casino.example"]
)
def test_refuses_a_name_when_it_is_blank_or_too_long(full_name: str) -> None:
    with pytest.raises(FullNameError):
        make_member(full_name=full_name)
    with pytest.raises(FullNameError):
        make_member().change_profile({"full_name": full_name}, at=LATER)


def test_shows_the_address_or_the_code_when_asked_for_its_text() -> None:
    assert str(EmailAddress("marta@pau2.example")) == "marta@pau2.example"
    assert str(EmailAddressError()) == "email_address_invalid"


def test_tidies_a_name_when_typed_with_odd_spaces_and_accents() -> None:
    assert make_member(full_name="  Nora   Nu\u0301n\u0303ez ").full_name == "Nora Núñez"


def _with_phone() -> Member:
    return make_member(full_name="Marta", phone=PhoneNumber("+34600111222"))


def test_changes_only_what_is_given_when_the_profile_changes() -> None:
    member = _with_phone()

    member.change_profile({"full_name": "Marta I.", "language": Language.SPANISH}, at=LATER)

    assert (member.full_name, str(member.phone), member.language, member.updated_at) == (
        "Marta I.",
        "+34600111222",
        Language.SPANISH,
        LATER,
    )


def test_clears_the_phone_when_the_change_says_none() -> None:
    member = _with_phone()

    member.change_profile({"phone": None}, at=LATER)

    assert (member.full_name, member.phone) == ("Marta", None)


def test_replaces_the_hash_when_told_so() -> None:
    member = make_member()

    member.replace_password_hash("other", LATER)

    assert (member.password_hash, member.updated_at) == ("other", LATER)


# Roles, activation, erasure


@pytest.mark.parametrize("role", list(Role))
def test_takes_any_role_when_another_admin_is_left(role: Role) -> None:
    member = make_member(role=Role.ADMIN)

    changed = member.change_role(role, admins={member.id, make_member().id}, at=LATER)

    assert changed is (role is not Role.ADMIN)
    assert (member.role, member.updated_at) == (role, LATER if changed else NOW)


def test_last_admin_stays_when_asked_to_leave_in_any_way() -> None:
    member = make_member(role=Role.ADMIN)
    admins = {member.id}
    leaving: list[Callable[[], object]] = [
        lambda: member.change_role(Role.BOARD_MEMBER, admins=admins, at=LATER),
        lambda: member.deactivate(admins=admins, at=LATER),
        lambda: member.erase(admins=admins, at=LATER),
    ]
    before = dict(vars(member))

    for leave in leaving:
        with pytest.raises(LastAdminError):
            leave()

    member.change_role(Role.ADMIN, admins=admins, at=NOW)
    assert vars(member) == before


def test_others_may_leave_when_there_is_one_admin() -> None:
    member = make_member(role=Role.ADMIN)
    admins = {make_member().id}

    member.deactivate(admins=admins, at=LATER)

    assert (member.is_active, member.may_log_in, member.updated_at) == (False, False, LATER)


def test_opens_and_closes_once_when_activated_and_deactivated() -> None:
    member = make_member()
    with pytest.raises(MemberActiveError):
        member.activate(LATER)

    member.deactivate(admins=set(), at=NOW)
    with pytest.raises(MemberInactiveError):
        member.deactivate(admins=set(), at=NOW)
    member.activate(LATER)

    assert (member.is_active, member.updated_at) == (True, LATER)


def test_nothing_about_the_person_is_left_when_erased() -> None:
    member = make_member(phone=PhoneNumber("+34600111222"), role=Role.BOARD_MEMBER, language=Language.SPANISH)
    member_id = member.id
    created_at = member.created_at

    member.erase(admins=set(), at=LATER)

    names = [each.name for each in fields(Member)]
    left = {name: getattr(member, name) for name in names}
    assert left == {
        "id": member_id,
        "email": EmailAddress(f"{member_id}@erased.invalid"),
        "password_hash": NO_PASSWORD,
        "full_name": "Erased member",
        "phone": None,
        "role": Role.SUPPORTER,
        "is_active": False,
        "language": Language.ENGLISH,
        "email_verified_at": None,
        "erased_at": LATER,
        "created_at": created_at,
        "updated_at": LATER,
        "version": 1,
    }
