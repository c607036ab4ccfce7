"""A second, independent statement of the policy: which role may do what, and which use case checks which
right. Tests that read the table itself cannot notice a wrong row.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from inspect import isawaitable, signature

import pytest

from app.application import (
    access,
    audit,
    auth,
    calendar_addresses,
    consultations,
    email_changes,
    events,
    exports,
    invitations,
    members,
    news,
    passwords,
    registrations,
    sessions,
)
from app.application.access import POLICY, Action, Rule
from app.domain.errors import ForbiddenError, UnauthenticatedError
from app.domain.members.member import Role
from tests.factories import make_actor
from tests.fakes import FixedClock

MEANT_FOR: dict[Role | None, set[Action]] = {
    None: {
        Action.READ_PUBLIC_NEWS,
        Action.READ_PUBLIC_EVENTS,
        Action.READ_SUBSCRIBED_CALENDAR,
        Action.REGISTER,
        Action.LOG_IN,
        Action.RECOVER_ACCOUNT,
        Action.CONFIRM_EMAIL,
        Action.CHECK_HEALTH,
        Action.READ_METRICS,
        Action.READ_PROBLEMS,
    },
    Role.SUPPORTER: {
        Action.READ_OWN_MEMBER,
        Action.EDIT_OWN_MEMBER,
        Action.READ_OWN_DATA,
        Action.ERASE_OWN_MEMBER,
        Action.READ_OWN_SESSIONS,
        Action.END_OWN_SESSIONS,
        Action.CHANGE_CREDENTIALS,
        Action.CHANGE_EMAIL,
        Action.READ_CALENDAR_ADDRESS,
        Action.RENEW_CALENDAR_ADDRESS,
        Action.WITHDRAW_CALENDAR_ADDRESS,
        Action.READ_CONSULTATIONS,
        Action.ANSWER_CONSULTATIONS,
        Action.READ_RESULTS,
    },
    Role.MEMBER: {
        Action.READ_INTERNAL_NEWS,
        Action.READ_MEMBERS_EVENTS,
        Action.READ_MEMBERS_CONSULTATIONS,
    },
    Role.BOARD_MEMBER: {
        Action.READ_UNPUBLISHED_NEWS,
        Action.WRITE_NEWS,
        Action.EXPORT_NEWS,
        Action.READ_MEMBERS,
        Action.READ_BOARD_EVENTS,
        Action.WRITE_EVENTS,
        Action.EXPORT_EVENTS,
        Action.READ_EVERY_CONSULTATION,
        Action.READ_PRIVATE_RESULTS,
        Action.WRITE_CONSULTATIONS,
        Action.EXPORT_RESPONSES,
    },
    Role.ADMIN: {
        Action.EDIT_MEMBERS,
        Action.INVITE_MEMBERS,
        Action.RESEND_INVITATIONS,
        Action.CORRECT_INVITATIONS,
        Action.WITHDRAW_INVITATIONS,
        Action.ERASE_MEMBERS,
        Action.SET_ROLES,
        Action.DEACTIVATE_MEMBERS,
        Action.ACTIVATE_MEMBERS,
        Action.EXPORT_MEMBERS,
        Action.READ_AUDIT_LOG,
    },
}

UseCase = Callable[..., object]
USE_CASES: dict[Action, list[UseCase]] = {
    Action.READ_AUDIT_LOG: [audit.list_audit_entries],
    Action.REGISTER: [
        registrations.register_member,
        registrations.resend_verification,
        registrations.verify_email,
    ],
    Action.LOG_IN: [auth.issue_tokens, auth.revoke_token],
    Action.RECOVER_ACCOUNT: [passwords.request_password_reset, passwords.reset_password],
    Action.CHANGE_CREDENTIALS: [passwords.change_password],
    Action.CHANGE_EMAIL: [email_changes.request_email_change],
    Action.CONFIRM_EMAIL: [email_changes.confirm_email_change],
    Action.READ_OWN_SESSIONS: [sessions.list_sessions],
    Action.END_OWN_SESSIONS: [sessions.end_session, sessions.end_all_sessions],
    Action.READ_CONSULTATIONS: [consultations.list_consultations, consultations.read_consultation],
    Action.WRITE_CONSULTATIONS: [
        consultations.create_consultation,
        consultations.edit_consultation,
        consultations.remove_consultation,
        consultations.open_consultation,
        consultations.close_consultation,
        consultations.archive_consultation,
    ],
    Action.ANSWER_CONSULTATIONS: [consultations.create_response, consultations.read_own_response],
    Action.READ_RESULTS: [consultations.read_results],
    Action.EXPORT_RESPONSES: [exports.export_responses],
    Action.READ_PUBLIC_EVENTS: [events.list_events, events.read_event, events.read_calendar],
    Action.READ_CALENDAR_ADDRESS: [calendar_addresses.read_calendar_address],
    Action.RENEW_CALENDAR_ADDRESS: [calendar_addresses.renew_calendar_address],
    Action.WITHDRAW_CALENDAR_ADDRESS: [calendar_addresses.withdraw_calendar_address],
    Action.READ_SUBSCRIBED_CALENDAR: [calendar_addresses.read_secret_calendar],
    Action.WRITE_EVENTS: [
        events.create_event,
        events.edit_event,
        events.publish_event,
        events.cancel_event,
        events.complete_event,
        events.remove_event,
    ],
    Action.EXPORT_NEWS: [exports.export_news],
    Action.EXPORT_EVENTS: [exports.export_events],
    Action.EXPORT_MEMBERS: [exports.export_members],
    Action.READ_MEMBERS: [members.list_members, members.read_member],
    Action.READ_OWN_MEMBER: [members.read_own_member],
    Action.EDIT_MEMBERS: [members.edit_member],
    Action.EDIT_OWN_MEMBER: [members.edit_own_member],
    Action.INVITE_MEMBERS: [members.invite_member],
    Action.RESEND_INVITATIONS: [invitations.resend_invitation],
    Action.CORRECT_INVITATIONS: [invitations.correct_invitation],
    Action.WITHDRAW_INVITATIONS: [invitations.withdraw_invitation],
    Action.ERASE_MEMBERS: [members.erase_member],
    Action.SET_ROLES: [members.change_role],
    Action.DEACTIVATE_MEMBERS: [members.deactivate_member],
    Action.ACTIVATE_MEMBERS: [members.activate_member],
    Action.READ_OWN_DATA: [members.read_own_data],
    Action.ERASE_OWN_MEMBER: [members.erase_own_member],
    Action.READ_PUBLIC_NEWS: [news.list_articles, news.read_article],
    Action.WRITE_NEWS: [
        news.create_article,
        news.edit_article,
        news.publish_article,
        news.archive_article,
        news.remove_article,
    ],
}


def differences(policy: Mapping[Action, Role | None], meant: Mapping[Role | None, set[Action]]) -> list[str]:
    """Return the edits that make the policy table and this statement agree."""
    wanted = {action: role for role, actions in meant.items() for action in actions}
    place = "MEANT_FOR in tests/unit/test_policy.py"
    found = []
    for action in Action:
        given = policy.get(action)
        if action not in wanted:
            found.append(f"add Action.{action.name} to {place}, under the least role that has it")
        elif action not in policy:
            found.append(f"give Action.{action.name} a row in POLICY of app/application/access.py")
        elif given != wanted[action]:
            found.append(f"POLICY gives Action.{action.name} to {given}, {place} to {wanted[action]}: choose")
    return found


def test_allows_each_action_from_its_minimum_role_on() -> None:
    given = {action: rule.minimum_role for action, rule in POLICY.items()}

    assert not (left := differences(given, MEANT_FOR)), "\n".join(left)


def test_names_row_to_add_when_an_action_is_new_or_changed() -> None:
    given = {action: rule.minimum_role for action, rule in POLICY.items()}
    meant = {role: {*actions} for role, actions in MEANT_FOR.items()}
    meant[Role.ADMIN] -= {Action.SET_ROLES}
    del given[Action.READ_AUDIT_LOG]
    given[Action.EDIT_MEMBERS] = None

    assert sorted(differences(given, meant)) == [
        "POLICY gives Action.EDIT_MEMBERS to None, MEANT_FOR in tests/unit/test_policy.py to ADMIN: choose",
        "add Action.SET_ROLES to MEANT_FOR in tests/unit/test_policy.py, under the least role that has it",
        "give Action.READ_AUDIT_LOG a row in POLICY of app/application/access.py",
    ]


def test_requires_recent_password_when_exporting_or_erasing() -> None:
    recent = {action: rule.max_password_age for action, rule in POLICY.items() if rule.max_password_age}

    asking = [Action.CHANGE_EMAIL, Action.ERASE_OWN_MEMBER, Action.ERASE_MEMBERS, Action.EXPORT_MEMBERS]
    assert recent == dict.fromkeys(asking, timedelta(hours=1))


@pytest.mark.parametrize(
    ("action", "use_case"),
    [
        pytest.param(action, use_case, id=use_case.__name__)
        for action, use_cases in USE_CASES.items()
        for use_case in use_cases
    ],
)
async def test_refuses_before_any_effect_when_policy_forbids_it(
    action: Action, use_case: UseCase, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = dict.fromkeys(Action, Rule(None)) | {action: Rule(Role.ADMIN)}
    monkeypatch.setattr(access, "POLICY", policy)
    given = {"actor": make_actor(Role.BOARD_MEMBER), "clock": clock}

    async def call() -> None:
        outcome = use_case(**{name: given.get(name) for name in signature(use_case).parameters})
        if isawaitable(outcome):
            await outcome

    with pytest.raises((ForbiddenError, UnauthenticatedError)):
        await call()
