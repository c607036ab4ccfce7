from datetime import datetime, timedelta
from typing import cast

import pytest

from app.domain.errors import DomainError
from app.domain.events import (
    Event,
    EventAudience,
    EventChanges,
    EventClosedError,
    EventDescriptionError,
    EventLocationError,
    EventNotDraftError,
    EventNotPublishedError,
    EventNotStartedError,
    EventOrganizerError,
    EventStatus,
    EventTimesError,
    EventTitleError,
)
from tests.factories import NOW, make_event

LATER = NOW + timedelta(hours=1)
START = NOW + timedelta(days=1)


def published(**overrides: object) -> Event:
    event = make_event(**overrides)
    event.publish(NOW)
    return event


def test_is_a_draft_when_created() -> None:
    event = make_event()

    assert event.status is EventStatus.DRAFT
    assert (event.created_at, event.updated_at, event.version) == (NOW, NOW, 1)


def test_keeps_tidy_text_and_whole_seconds_when_created() -> None:
    event = make_event(
        title="  Cinema ",
        location=" Square ",
        organizer="\tBoard",
        description="\nBring a chair.\n",
        starts_at=START + timedelta(microseconds=999_999),
        ends_at=START + timedelta(seconds=1, microseconds=1),
    )

    assert (event.title, event.location, event.organizer) == ("Cinema", "Square", "Board")
    assert event.description == "Bring a chair."
    assert (event.starts_at, event.ends_at) == (START, START + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("overrides", "error"),
    [
        ({"title": " "}, EventTitleError),
        ({"title": "x" * 201}, EventTitleError),
        ({"location": ""}, EventLocationError),
        ({"location": "x" * 201}, EventLocationError),
        ({"organizer": "\n"}, EventOrganizerError),
        ({"organizer": "x" * 201}, EventOrganizerError),
        ({"description": " "}, EventDescriptionError),
        ({"description": "x" * 5_001}, EventDescriptionError),
        ({"ends_at": START}, EventTimesError),
        ({"ends_at": START - timedelta(seconds=1)}, EventTimesError),
        ({"ends_at": START + timedelta(microseconds=999_999)}, EventTimesError),
    ],
)
def test_refuses_when_a_value_breaks_a_rule(overrides: dict[str, object], error: type[DomainError]) -> None:
    with pytest.raises(error):
        make_event(**overrides)
    with pytest.raises(error):
        make_event().edit(cast("EventChanges", overrides), LATER)


def test_accepts_the_longest_values_when_created() -> None:
    longest = "x" * 200
    event = make_event(title=longest, location=longest, organizer=longest, description="x" * 5_000)

    assert len(event.title + event.location + event.organizer) == 600


def test_changes_what_is_given_when_edited() -> None:
    event = published(description="Bring a chair.")
    before = dict(vars(event))

    event.edit(EventChanges(title="New", description=None, audience=EventAudience.BOARD), LATER)

    changed = {"title": "New", "description": None, "audience": EventAudience.BOARD, "updated_at": LATER}
    assert vars(event) == before | changed


def test_moves_when_both_times_are_edited() -> None:
    event = make_event()

    event.edit(EventChanges(starts_at=LATER, ends_at=LATER + timedelta(hours=3)), NOW)

    assert (event.starts_at, event.ends_at) == (LATER, LATER + timedelta(hours=3))


def test_leaves_a_draft_once_when_published() -> None:
    event = make_event()

    event.publish(LATER)

    assert (event.status, event.updated_at) == (EventStatus.PUBLISHED, LATER)
    with pytest.raises(EventNotDraftError):
        event.publish(LATER)


@pytest.mark.parametrize("at", [START, START + timedelta(days=9)])
def test_is_completed_when_it_has_started(at: datetime) -> None:
    event = published()

    event.complete(at)

    assert (event.status, event.updated_at) == (EventStatus.COMPLETED, at)


def test_is_not_completed_when_it_has_not_started() -> None:
    event = published()

    with pytest.raises(EventNotStartedError):
        event.complete(START - timedelta(microseconds=1))

    assert event.status is EventStatus.PUBLISHED


def test_is_cancelled_at_any_time_when_published() -> None:
    event = published()

    event.cancel(LATER)

    assert (event.status, event.updated_at) == (EventStatus.CANCELLED, LATER)


@pytest.mark.parametrize("status", [EventStatus.DRAFT, EventStatus.CANCELLED, EventStatus.COMPLETED])
def test_is_neither_cancelled_nor_completed_when_not_published(status: EventStatus) -> None:
    event = make_event()
    event.status = status

    for verb in (event.cancel, event.complete):
        with pytest.raises(EventNotPublishedError):
            verb(NOW)

    assert (event.status, event.updated_at) == (status, NOW)


@pytest.mark.parametrize("status", [EventStatus.CANCELLED, EventStatus.COMPLETED])
def test_takes_no_changes_when_closed(status: EventStatus) -> None:
    event = make_event()
    event.status = status

    with pytest.raises(EventClosedError):
        event.edit(EventChanges(title="New"), LATER)

    assert event.title == "Summer cinema"
