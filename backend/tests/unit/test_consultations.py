from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest

from app.domain.consultations.answers import AnswerMissingError
from app.domain.consultations.consultation import (
    Consultation,
    ConsultationArchivedError,
    ConsultationDescriptionError,
    ConsultationFrozenError,
    ConsultationIncompleteError,
    ConsultationNotClosedError,
    ConsultationNotDraftError,
    ConsultationNotOpenError,
    ConsultationPeriodError,
    ConsultationStatus,
    ConsultationTitleError,
    TooManyQuestionsError,
)
from app.domain.consultations.drafts import ConsultationAudience, ConsultationChanges, ResultsVisibility
from app.domain.consultations.questions import (
    Answer,
    AnswerError,
    OptionId,
    OptionsError,
    QuestionDescriptionError,
    QuestionId,
    QuestionKind,
    QuestionTitleError,
)
from app.domain.consultations.responses import Ballot
from app.domain.errors import ConflictError, RuleViolationError
from tests.factories import NOW, make_answers, make_consultation, make_question

EARLIER = NOW - timedelta(hours=1)
LATER = NOW + timedelta(hours=1)
MUCH_LATER = NOW + timedelta(days=1)
MULTIPLE = make_question(kind=QuestionKind.MULTIPLE_CHOICE, options=["A", "B", "C"], required=False)
TEXT = make_question(kind=QuestionKind.OPEN_TEXT, options=[], required=False)


def opened(**overrides: Any) -> Consultation:
    consultation = make_consultation(**overrides)
    consultation.open(NOW)
    return consultation


def closed() -> Consultation:
    consultation = opened()
    consultation.close(NOW)
    return consultation


def archived() -> Consultation:
    consultation = closed()
    consultation.archive(NOW)
    return consultation


def test_keeps_questions_and_options_in_order_when_created() -> None:
    consultation = make_consultation(title="  Trees ", questions=[TEXT, MULTIPLE, make_question(title=" Q ")])

    assert consultation.status is ConsultationStatus.DRAFT
    assert consultation.title == "Trees"
    assert [question.position for question in consultation.questions] == [0, 1, 2]
    assert consultation.questions[2].title == "Q"
    options = consultation.questions[1].options
    assert [(option.position, option.text) for option in options] == [(0, "A"), (1, "B"), (2, "C")]


@pytest.mark.parametrize(
    ("plan", "opens_at", "closes_at"),
    [
        ({}, LATER, MUCH_LATER),
        ({"opens_at": MUCH_LATER, "closes_at": MUCH_LATER + timedelta(hours=1)}, LATER, MUCH_LATER),
        ({"opens_at": NOW, "closes_at": LATER + timedelta(hours=1)}, NOW, LATER + timedelta(hours=1)),
    ],
)
def test_says_when_it_opened_and_closed_or_when_that_was_due(
    plan: dict[str, datetime], opens_at: datetime, closes_at: datetime
) -> None:
    consultation = make_consultation(**plan)

    consultation.open(LATER)
    assert (consultation.status, consultation.opens_at) == (ConsultationStatus.OPEN, opens_at)
    consultation.close(MUCH_LATER)

    assert (consultation.status, consultation.closes_at) == (ConsultationStatus.CLOSED, closes_at)
    assert consultation.updated_at == MUCH_LATER


@pytest.mark.parametrize(
    ("make", "verb", "error"),
    [
        (opened, Consultation.open, ConsultationNotDraftError),
        (archived, Consultation.open, ConsultationNotDraftError),
        (make_consultation, Consultation.close, ConsultationNotOpenError),
        (closed, Consultation.close, ConsultationNotOpenError),
        (opened, Consultation.archive, ConsultationNotClosedError),
        (archived, Consultation.archive, ConsultationNotClosedError),
        (lambda: make_consultation(questions=[]), Consultation.open, ConsultationIncompleteError),
        (lambda: make_consultation(closes_at=LATER), Consultation.open, ConsultationIncompleteError),
    ],
)
def test_changes_nothing_when_a_verb_comes_out_of_order(
    make: Callable[[], Consultation], verb: Callable[..., None], error: type[ConflictError]
) -> None:
    consultation = make()
    before = dict(vars(consultation))

    with pytest.raises(error):
        verb(consultation, LATER)

    assert vars(consultation) == before


def test_can_be_deleted_when_and_only_when_it_is_a_draft() -> None:
    make_consultation().require_draft()

    for consultation in (opened(), closed(), archived()):
        with pytest.raises(ConsultationNotDraftError):
            consultation.require_draft()


@pytest.mark.parametrize(
    ("plan", "at", "status"),
    [
        ({"opens_at": LATER}, NOW, ConsultationStatus.DRAFT),
        ({"opens_at": LATER}, LATER, ConsultationStatus.OPEN),
        ({"opens_at": LATER, "questions": []}, LATER, ConsultationStatus.DRAFT),
        ({"opens_at": LATER, "closes_at": MUCH_LATER}, MUCH_LATER, ConsultationStatus.CLOSED),
        ({"opens_at": EARLIER, "closes_at": NOW}, LATER, ConsultationStatus.DRAFT),
        ({"closes_at": LATER}, NOW, ConsultationStatus.DRAFT),
    ],
)
def test_opens_by_itself_when_it_is_due_and_complete(
    plan: dict[str, Any], at: datetime, status: ConsultationStatus
) -> None:
    consultation = make_consultation(**plan)

    assert consultation.status_at(at) is status
    while consultation.follow_schedule(at):
        pass

    assert consultation.status is status


def test_dates_changes_at_due_time_when_recorded_later() -> None:
    consultation = make_consultation(opens_at=LATER, closes_at=MUCH_LATER)
    much_later_still = MUCH_LATER + timedelta(days=1)

    assert consultation.follow_schedule(much_later_still)
    opened_at = (consultation.status, consultation.updated_at)
    assert consultation.follow_schedule(much_later_still)
    closed_at = (consultation.status, consultation.updated_at)

    assert opened_at == (ConsultationStatus.OPEN, LATER)
    assert closed_at == (ConsultationStatus.CLOSED, MUCH_LATER)
    assert not consultation.follow_schedule(much_later_still)


@pytest.mark.parametrize(
    ("closes_at", "status"),
    [
        (LATER, ConsultationStatus.CLOSED),
        (MUCH_LATER, ConsultationStatus.OPEN),
        (None, ConsultationStatus.OPEN),
    ],
)
def test_closes_by_itself_when_it_is_due(closes_at: datetime | None, status: ConsultationStatus) -> None:
    consultation = opened(closes_at=closes_at)

    assert consultation.status_at(LATER) is status
    consultation.follow_schedule(LATER)

    assert consultation.status is status


def test_changes_everything_when_a_draft_is_edited() -> None:
    consultation = make_consultation()
    changes = ConsultationChanges(
        title="T",
        description="D",
        opens_at=LATER,
        closes_at=MUCH_LATER,
        audience=ConsultationAudience.MEMBERS_AND_SUPPORTERS,
        results_visibility=ResultsVisibility.PRIVATE,
        anonymous=True,
        questions=[TEXT, MULTIPLE],
    )

    consultation.edit(changes, LATER)

    assert {key: getattr(consultation, key) for key in changes if key != "questions"} == {
        key: value for key, value in changes.items() if key != "questions"
    }
    assert [question.kind for question in consultation.questions] == [TEXT.kind, MULTIPLE.kind]
    assert consultation.updated_at == LATER


def test_keeps_its_questions_when_the_same_are_asked_again() -> None:
    question = make_question(title="Where?")
    consultation = make_consultation(questions=[question])
    [asked] = consultation.questions

    consultation.edit(ConsultationChanges(questions=[replace(question, title=" Where? ")]), LATER)

    assert (consultation.questions, consultation.updated_at) == ([asked], NOW)
    consultation.edit(ConsultationChanges(questions=[question, question]), LATER)
    assert (len(consultation.questions), consultation.updated_at) == (2, LATER)


def test_leaves_the_rest_when_one_field_is_edited() -> None:
    consultation = make_consultation(description="D", closes_at=LATER)
    [question] = consultation.questions

    consultation.edit(ConsultationChanges(description=None), LATER)

    assert (consultation.title, consultation.description) == ("Trees in the square", None)
    assert consultation.closes_at == LATER
    assert consultation.questions == [question]


@pytest.mark.parametrize(
    ("make", "changes", "error"),
    [
        (opened, {"questions": []}, ConsultationFrozenError),
        (opened, {"anonymous": True}, ConsultationFrozenError),
        (opened, {"opens_at": LATER}, ConsultationFrozenError),
        (closed, {"closes_at": LATER}, ConsultationFrozenError),
        (archived, {"title": "New"}, ConsultationArchivedError),
    ],
)
def test_changes_nothing_when_what_is_edited_is_frozen(
    make: Callable[[], Consultation], changes: dict[str, Any], error: type[ConflictError]
) -> None:
    consultation = make()
    before = dict(vars(consultation))

    with pytest.raises(error):
        consultation.edit(cast("ConsultationChanges", changes), LATER)

    assert vars(consultation) == before


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (opened, {"title": "New", "closes_at": LATER, "anonymous": False, "opens_at": NOW}),
        (closed, {"title": "New", "results_visibility": ResultsVisibility.PRIVATE, "closes_at": NOW}),
    ],
)
def test_takes_what_is_not_frozen_or_not_changed_when_edited(
    make: Callable[[], Consultation], changes: dict[str, Any]
) -> None:
    consultation = make()

    consultation.edit(cast("ConsultationChanges", changes), LATER)

    assert {key: getattr(consultation, key) for key in changes} == changes


@pytest.mark.parametrize(
    ("overrides", "error", "place"),
    [
        ({"title": " "}, ConsultationTitleError, ()),
        ({"title": "x" * 201}, ConsultationTitleError, ()),
        ({"description": " "}, ConsultationDescriptionError, ()),
        ({"description": "x" * 10_001}, ConsultationDescriptionError, ()),
        ({"opens_at": NOW, "closes_at": NOW}, ConsultationPeriodError, ()),
        ({"questions": [TEXT] * 51}, TooManyQuestionsError, ()),
        ({"questions": [TEXT, make_question(title=" ")]}, QuestionTitleError, (1, "title")),
        ({"questions": [make_question(title="x" * 301)]}, QuestionTitleError, (0, "title")),
        ({"questions": [make_question(description="")]}, QuestionDescriptionError, (0, "description")),
        (
            {"questions": [make_question(description="x" * 2001)]},
            QuestionDescriptionError,
            (0, "description"),
        ),
        ({"questions": [make_question(options=["A"])]}, OptionsError, (0, "options")),
        ({"questions": [make_question(options=list("abcdefghijklmnopqrstu"))]}, OptionsError, (0, "options")),
        ({"questions": [make_question(options=["A", " "])]}, OptionsError, (0, "options")),
        ({"questions": [make_question(options=["A", "x" * 201])]}, OptionsError, (0, "options")),
        ({"questions": [make_question(options=["Straße", " STRASSE"])]}, OptionsError, (0, "options")),
        ({"questions": [make_question(kind=QuestionKind.OPEN_TEXT)]}, OptionsError, (0, "options")),
    ],
)
def test_refuses_a_value_when_it_breaks_a_rule(
    overrides: dict[str, Any], error: type[RuleViolationError], place: tuple[int | str, ...]
) -> None:
    with pytest.raises(error) as raised:
        make_consultation(**overrides)
    assert raised.value.args == place
    with pytest.raises(error):
        make_consultation().edit(cast("ConsultationChanges", overrides), LATER)


def test_accepts_values_when_they_are_as_long_as_allowed() -> None:
    question = make_question(
        title="x" * 300, description="x" * 2000, options=[f"{n:0200}" for n in range(20)]
    )

    consultation = make_consultation(title="x" * 200, description="x" * 10_000, questions=[question] * 50)

    assert len(consultation.questions) == 50


def test_sorts_answers_by_question_when_given_in_another_order() -> None:
    consultation = opened(questions=[make_question(), MULTIPLE, TEXT])
    single, multiple, text = consultation.questions
    answers = make_answers(consultation, 1, [2, 0], "  Shade.\n")

    taken = consultation.check_answers(list(reversed(answers)), LATER)

    chosen = [single.options[1], multiple.options[0], multiple.options[2]]
    assert taken.choices == [option.id for option in chosen]
    assert taken.texts == {text.id: "Shade."}


def test_takes_nothing_for_a_question_when_it_may_be_left_out() -> None:
    consultation = opened(questions=[MULTIPLE, TEXT])

    taken = consultation.check_answers([], LATER)

    assert (taken.choices, taken.texts) == ([], {})


@pytest.mark.parametrize(
    ("pick", "place"),
    [
        ((None, None, None), None),
        (([], None, None), (0, "option_ids")),
        (([0, 1], None, None), (0, "option_ids")),
        (("Yes", None, None), (0, "text")),
        ((0, [1, 1], None), (1, "option_ids")),
        ((0, None, " "), (1, "text")),
        ((0, None, "x" * 4001), (1, "text")),
    ],
)
def test_refuses_answers_when_they_do_not_fit(
    pick: tuple[int | str | Sequence[int] | None, ...], place: tuple[int, str] | None
) -> None:
    consultation = opened(questions=[make_question(), MULTIPLE, TEXT])
    answers = make_answers(consultation, *pick)

    with pytest.raises(AnswerMissingError if place is None else AnswerError) as raised:
        consultation.check_answers(answers, LATER)

    assert raised.value.args == (place or ())


def test_refuses_answers_when_question_is_foreign_or_repeated() -> None:
    consultation = opened(questions=[make_question(), MULTIPLE, TEXT])
    first, foreign = make_answers(consultation, 0, 0, None)
    wrong = Answer(question_id=first.question_id, option_ids=foreign.option_ids, text=None)
    both = Answer(question_id=first.question_id, option_ids=first.option_ids, text="and a text")
    to_text = Answer(question_id=consultation.questions[2].id, option_ids=[OptionId(uuid4())], text="x")
    empty = Answer(question_id=consultation.questions[2].id, option_ids=[], text=None)
    unknown = Answer(question_id=QuestionId(uuid4()), option_ids=[], text="x")
    cases = [
        ([wrong], (0, "option_ids")),
        ([both], (0, "text")),
        ([first, to_text], (1, "option_ids")),
        ([first, empty], (1, "text")),
        ([first, unknown], (1, "question_id")),
        ([first, first], (1, "question_id")),
    ]

    for answers, place in cases:
        with pytest.raises(AnswerError) as raised:
            consultation.check_answers(answers, LATER)
        assert raised.value.args == place


@pytest.mark.parametrize("make", [make_consultation, closed, archived, lambda: opened(closes_at=LATER)])
def test_refuses_answers_when_not_open_or_past_the_deadline(make: Callable[[], Consultation]) -> None:
    consultation = make()

    with pytest.raises(ConsultationNotOpenError):
        consultation.check_answers(make_answers(consultation, 0), LATER)


def test_ballot_id_tells_no_time_when_cast() -> None:
    consultation = opened(anonymous=True)
    taken = consultation.check_answers(make_answers(consultation, 0), LATER)

    ballots = [Ballot.create(taken, consultation_id=consultation.id) for _ in range(20)]

    assert {ballot.id.version for ballot in ballots} == {4}
    assert [ballot.id for ballot in ballots] != sorted(ballot.id for ballot in ballots)
