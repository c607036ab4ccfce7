"""Demo data: an open anonymous consultation, and a closed one with names."""

from collections.abc import Sequence
from datetime import timedelta

from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.consultations.consultation import Consultation
from app.domain.consultations.drafts import ConsultationAudience, ConsultationDraft, ResultsVisibility
from app.domain.consultations.questions import Answer, QuestionDraft, QuestionKind
from app.domain.consultations.responses import Response
from app.domain.members.member import Member


def _choice(title: str, *options: str, several: bool = False) -> QuestionDraft:
    kind = QuestionKind.MULTIPLE_CHOICE if several else QuestionKind.SINGLE_CHOICE
    return QuestionDraft(title=title, description=None, kind=kind, required=True, options=options)


def _text(title: str) -> QuestionDraft:
    return QuestionDraft(
        title=title, description=None, kind=QuestionKind.OPEN_TEXT, required=False, options=()
    )


PLAYGROUND = (
    _choice("Where should the new playground be?", "In the park", "Beside the school", "Nowhere"),
    _choice("What should it have?", "Swings", "A slide", "Climbing ropes", "Shade", several=True),
    _text("What else should we think of?"),
)
ASSEMBLY = (
    _choice("When should the next assembly be?", "Friday evening", "Saturday morning"),
    _text("What should be on the agenda?"),
)
WISHES = ("Noise at night.", "The cinema again, please.", None, "Parking.")


async def add_consultations(
    board_member: Member, people: Sequence[Member], *, uow: UnitOfWork, clock: Clock
) -> None:
    """Add both consultations, and a response of each person to the closed one."""
    now = clock.now()
    playground_draft = ConsultationDraft(
        title="A new playground",
        description="The city pays, we choose. Nobody sees who voted for what.",
        closes_at=now + timedelta(days=14),
        audience=ConsultationAudience.MEMBERS_AND_SUPPORTERS,
        results_visibility=ResultsVisibility.PUBLIC,
        anonymous=True,
        questions=PLAYGROUND,
    )
    playground = Consultation.create(playground_draft, created_by=board_member.id, at=now - timedelta(days=4))
    playground.open(now - timedelta(days=3))
    assembly_draft = ConsultationDraft(
        title="The next assembly",
        audience=ConsultationAudience.MEMBERS_AND_SUPPORTERS,
        results_visibility=ResultsVisibility.PUBLIC,
        anonymous=False,
        questions=ASSEMBLY,
    )
    assembly = Consultation.create(assembly_draft, created_by=board_member.id, at=now - timedelta(days=40))
    assembly.open(now - timedelta(days=39))
    uow.consultations.add(playground)
    uow.consultations.add(assembly)
    await uow.flush()
    for number, person in enumerate(people):
        at = now - timedelta(days=30 - number)
        answers = assembly.check_answers(_answers(assembly, number), at)
        await uow.responses.add(
            Response.create(answers, consultation_id=assembly.id, member_id=person.id, at=at)
        )
    assembly.close(now - timedelta(days=20))


def _answers(assembly: Consultation, number: int) -> list[Answer]:
    when, agenda = assembly.questions
    day = when.options[number % 3 % 2]
    wish = WISHES[number % len(WISHES)]
    answers = [Answer(question_id=when.id, option_ids=[day.id], text=None)]
    if wish is not None:
        answers.append(Answer(question_id=agenda.id, option_ids=(), text=wish))
    return answers
