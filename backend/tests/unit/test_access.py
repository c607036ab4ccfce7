from datetime import datetime, timedelta

import pytest

from app.application.access import (
    POLICY,
    Action,
    ReauthenticationRequiredError,
    authorize,
    is_allowed,
)
from app.application.events_queries import EventVisibility
from app.application.news_queries import NewsVisibility
from app.application.optimistic_locking import require_version
from app.domain.errors import ForbiddenError, UnauthenticatedError, VersionMismatchError
from app.domain.events import EventAudience
from app.domain.members.member import Role
from tests.factories import NOW, make_actor, make_article


def test_every_action_has_a_rule_when_the_table_is_read() -> None:
    assert set(POLICY) == set(Action)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_allows_exactly_the_roles_of_the_table_when_asked(action: Action, role: Role) -> None:
    minimum_role = POLICY[action].minimum_role
    actor = make_actor(role)

    allowed = minimum_role is None or list(Role).index(role) >= list(Role).index(minimum_role)

    assert is_allowed(actor, action) is allowed
    if not allowed:
        with pytest.raises(ForbiddenError):
            authorize(actor, action, at=NOW)


@pytest.mark.parametrize("action", [each for each in Action if POLICY[each].minimum_role])
def test_refuses_when_nobody_is_logged_in(action: Action) -> None:
    with pytest.raises(UnauthenticatedError):
        authorize(None, action, at=NOW)


@pytest.mark.parametrize("action", [each for each in Action if not POLICY[each].minimum_role])
def test_allows_everybody_when_no_role_is_needed(action: Action) -> None:
    authorize(None, action)


def test_allows_when_the_password_is_exactly_an_hour_old() -> None:
    authorize(make_actor(Role.ADMIN), Action.EXPORT_MEMBERS, at=NOW + timedelta(hours=1))


@pytest.mark.parametrize("at", [NOW + timedelta(hours=1, microseconds=1), None])
def test_requires_password_when_its_age_is_too_high_or_unknown(at: datetime | None) -> None:
    with pytest.raises(ReauthenticationRequiredError):
        authorize(make_actor(Role.ADMIN), Action.EXPORT_MEMBERS, at=at)


@pytest.mark.parametrize(
    ("role", "visible"),
    [
        (None, NewsVisibility(internal=False, unpublished=False)),
        (Role.SUPPORTER, NewsVisibility(internal=False, unpublished=False)),
        (Role.MEMBER, NewsVisibility(internal=True, unpublished=False)),
        (Role.BOARD_MEMBER, NewsVisibility(internal=True, unpublished=True)),
        (Role.ADMIN, NewsVisibility(internal=True, unpublished=True)),
    ],
)
def test_news_visibility_follows_the_role_when_computed(role: Role | None, visible: NewsVisibility) -> None:
    assert NewsVisibility.of(make_actor(role) if role else None) == visible


@pytest.mark.parametrize(
    ("role", "audiences", "drafts"),
    [
        (None, {EventAudience.PUBLIC}, False),
        (Role.SUPPORTER, {EventAudience.PUBLIC}, False),
        (Role.MEMBER, {EventAudience.PUBLIC, EventAudience.MEMBERS}, False),
        (Role.BOARD_MEMBER, set(EventAudience), True),
        (Role.ADMIN, set(EventAudience), True),
    ],
)
def test_event_visibility_follows_the_role_when_computed(
    role: Role | None, audiences: set[EventAudience], *, drafts: bool
) -> None:
    actor = None if role is None else make_actor(role)

    assert EventVisibility.of(actor) == EventVisibility(audiences=frozenset(audiences), drafts=drafts)


@pytest.mark.parametrize("seen", [None, frozenset({1}), frozenset({1, 7})])
def test_accepts_when_the_current_version_was_seen(seen: frozenset[int] | None) -> None:
    require_version(make_article(), seen)


@pytest.mark.parametrize("seen", [frozenset({2}), frozenset()])
def test_refuses_when_the_current_version_was_not_seen(seen: frozenset[int]) -> None:
    with pytest.raises(VersionMismatchError):
        require_version(make_article(), seen)
