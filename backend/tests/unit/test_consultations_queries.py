from uuid import UUID, uuid4

import pytest

from app.application.consultations_queries import (
    AnswerView,
    ConsultationView,
    ConsultationVisibility,
    OptionView,
    QuestionView,
    ResponseView,
    Results,
    Tally,
)
from app.domain.consultations.answers import Answers
from app.domain.consultations.consultation import (
    ConsultationStatus,
)
from app.domain.consultations.drafts import (
    ConsultationAudience,
    ResultsVisibility,
)
from app.domain.consultations.questions import QuestionKind
from app.domain.members.member import Role
from tests.factories import NOW, make_actor, make_consultation, make_question


def test_shows_what_was_answered_and_nothing_of_what_was_not() -> None:
    consultation = make_consultation(
        questions=[
            make_question(),
            make_question(required=False),
            make_question(kind=QuestionKind.OPEN_TEXT, options=[]),
        ]
    )
    chosen, _, written = consultation.questions
    answers = Answers([chosen.options[1].id], {written.id: "Limes."})

    view = ResponseView.of(consultation, answers, NOW)

    assert view == ResponseView(
        consultation.id,
        anonymous=False,
        responded_at=NOW,
        answers=[AnswerView(chosen.id, [chosen.options[1].id], None), AnswerView(written.id, [], "Limes.")],
    )


@pytest.mark.parametrize(
    ("role", "audiences", "statuses"),
    [
        (Role.SUPPORTER, {"MEMBERS_AND_SUPPORTERS"}, {"OPEN", "CLOSED"}),
        (Role.MEMBER, {"MEMBERS", "MEMBERS_AND_SUPPORTERS"}, {"OPEN", "CLOSED"}),
        (Role.BOARD_MEMBER, set(ConsultationAudience), set(ConsultationStatus)),
        (Role.ADMIN, set(ConsultationAudience), set(ConsultationStatus)),
    ],
)
def test_visibility_follows_the_role_when_computed(
    role: Role, audiences: set[str], statuses: set[str]
) -> None:
    visible = ConsultationVisibility.of(make_actor(role))

    assert {*map(str, visible.audiences)} == audiences
    assert {*map(str, visible.statuses)} == statuses


def make_view(kind: QuestionKind, options: list[str], *, anonymous: bool) -> ConsultationView:
    asked = [OptionView(uuid4(), text) for text in options]
    return ConsultationView(
        id=uuid4(),
        title="Trees",
        description=None,
        opens_at=NOW,
        closes_at=NOW,
        audience=ConsultationAudience.MEMBERS,
        status=ConsultationStatus.CLOSED,
        results_visibility=ResultsVisibility.PUBLIC,
        anonymous=anonymous,
        created_by=uuid4(),
        created_at=NOW,
        updated_at=NOW,
        version=3,
        ballots_shuffled=True,
        questions=[QuestionView(uuid4(), "Q", None, kind, required=True, options=asked)],
    )


@pytest.mark.parametrize(
    ("anonymous", "counts", "shown", "responses"),
    [
        (False, [1, 0], [1, 0], 1),
        (True, [5, 6], [5, 6], 11),
        (True, [9, 4], [None, None], 13),
        (True, [4, 0], [None, None], None),
        (True, [4, 1], [None, None], 5),
    ],
)
def test_shows_counts_when_a_tally_is_published(
    *, anonymous: bool, counts: list[int], shown: list[int | None], responses: int | None
) -> None:
    view = make_view(QuestionKind.SINGLE_CHOICE, ["Yes", "No"], anonymous=anonymous)
    [question] = view.questions
    given: dict[UUID, int] = {
        option.id: count for option, count in zip(question.options, counts, strict=True) if count
    }

    results = Results.of(view, Tally(sum(counts), given, {}))

    [result] = results.questions
    assert [option.count for option in result.options] == shown
    assert results.responses == responses
    assert result.texts is None


@pytest.mark.parametrize(
    ("anonymous", "texts", "shown"),
    [
        (False, [], []),
        (False, ["a"], ["a"]),
        (True, list("abcd"), None),
        (True, list("abcde"), list("abcde")),
    ],
)
def test_shows_texts_when_enough_were_written_or_names_are_known(
    *, anonymous: bool, texts: list[str], shown: list[str] | None
) -> None:
    view = make_view(QuestionKind.OPEN_TEXT, [], anonymous=anonymous)

    results = Results.of(view, Tally(20, {}, {view.questions[0].id: texts} if texts else {}))

    assert results.questions[0].texts == shown
