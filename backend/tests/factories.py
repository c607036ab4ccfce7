"""Factories of valid entities and settings. `overrides` replace arguments of `create`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from app.application.access import Actor
from app.core.settings import MIN_SECRET_BYTES, Environment, Settings
from app.domain.auth import RefreshToken, Session, SessionId
from app.domain.consultations.consultation import Consultation
from app.domain.consultations.drafts import ConsultationAudience, ConsultationDraft, ResultsVisibility
from app.domain.consultations.questions import Answer, QuestionDraft, QuestionKind
from app.domain.email_changes import EmailChange
from app.domain.events import Event, EventAudience, EventDraft
from app.domain.identifiers import uuid7
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Member, MemberId, Role
from app.domain.news import Article, ArticleDraft, ArticleScope

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SOMEBODY = MemberId(UUID(int=7))
PASSWORD = "thirteen-Umbrellas-sing"

_numbers = count(1)


def make_member(**overrides: Any) -> Member:
    """Return a verified SUPPORTER. Nobody can log in as them: no known password has this hash."""
    number = next(_numbers)
    given: dict[str, Any] = {
        "email": EmailAddress.parse(f"neighbour{number}@pau2.example"),
        "password_hash": "$argon2id$v=19$m=8,t=1,p=1$unusable",
        "full_name": f"Neighbour {number}",
        "email_verified_at": NOW,
        "at": NOW,
    }
    return Member.create(**given | overrides)


def make_article(**overrides: Any) -> Article:
    """Return a PUBLIC draft. Pass `author_id` if it will be stored."""
    given: dict[str, Any] = {
        "title": "The garden opens again",
        "content": "From **Monday**.",
        "scope": ArticleScope.PUBLIC,
    }
    author_id = overrides.pop("author_id", SOMEBODY)
    at = overrides.pop("at", NOW)
    draft = ArticleDraft(**given | overrides)
    return Article.create(draft, author_id=author_id, at=at)


def make_event(**overrides: Any) -> Event:
    """Return a PUBLIC draft, tomorrow, for two hours. Pass `created_by` if it will be stored."""
    given: dict[str, Any] = {
        "title": "Summer cinema",
        "starts_at": NOW + timedelta(days=1),
        "ends_at": NOW + timedelta(days=1, hours=2),
        "location": "Plaza Mayor",
        "organizer": "Culture group",
        "audience": EventAudience.PUBLIC,
    }
    created_by = overrides.pop("created_by", SOMEBODY)
    at = overrides.pop("at", NOW)
    draft = EventDraft(**given | overrides)
    return Event.create(draft, created_by=created_by, at=at)


def make_session(member: Member, **overrides: Any) -> Session:
    token = RefreshToken(session_id=SessionId(uuid7(NOW)), text=f"token-{next(_numbers)}")
    given: dict[str, Any] = {"member_id": member.id, "at": NOW}
    return Session.start(token, **given | overrides)


def make_email_change(member: Member, **overrides: Any) -> EmailChange:
    """Return an unconfirmed change, requested in a session that is not stored."""
    given: dict[str, Any] = {
        "member_id": member.id,
        "session_id": SessionId(uuid7(NOW)),
        "old_email": member.email,
        "new_email": EmailAddress(f"moved{next(_numbers)}@pau2.example"),
        "at": NOW,
    }
    return EmailChange.request(**given | overrides)


def make_actor(role: Role = Role.MEMBER, **overrides: Any) -> Actor:
    given: dict[str, Any] = {
        "member_id": MemberId(uuid7(NOW)),
        "role": role,
        "session_id": SessionId(uuid7(NOW)),
        "authenticated_at": NOW,
    }
    return Actor(**given | overrides)


def make_question(**overrides: Any) -> QuestionDraft:
    """Return a required single choice between two options."""
    given: dict[str, Any] = {
        "title": "Shall we plant trees?",
        "description": None,
        "kind": QuestionKind.SINGLE_CHOICE,
        "required": True,
        "options": ["Yes", "No"],
    }
    return QuestionDraft(**given | overrides)


def make_consultation(**overrides: Any) -> Consultation:
    """Return a draft for members, not anonymous, with one question.

    Pass `created_by` if it will be stored.
    """
    given: dict[str, Any] = {
        "title": "Trees in the square",
        "audience": ConsultationAudience.MEMBERS,
        "results_visibility": ResultsVisibility.PUBLIC,
        "anonymous": False,
        "questions": [make_question()],
    }
    created_by = overrides.pop("created_by", SOMEBODY)
    at = overrides.pop("at", NOW)
    draft = ConsultationDraft(**given | overrides)
    return Consultation.create(draft, created_by=created_by, at=at)


def make_answers(consultation: Consultation, *picks: int | str | Sequence[int] | None) -> list[Answer]:
    """Answer the questions in order. Each pick is an option's index, several indexes, a text, or None."""
    answers = []
    for question, pick in zip(consultation.questions, picks, strict=True):
        if isinstance(pick, str):
            answers.append(Answer(question_id=question.id, option_ids=(), text=pick))
        elif pick is not None:
            places = [pick] if isinstance(pick, int) else pick
            chosen = [question.options[place].id for place in places]
            answers.append(Answer(question_id=question.id, option_ids=chosen, text=None))
    return answers


def make_settings(database_url: str, **overrides: Any) -> Settings:
    """Return complete production settings, independent of the environment."""
    values: dict[str, Any] = {
        "environment": Environment.PRODUCTION,
        "database_url": database_url,
        "migration_database_url": None,
        "token_keys": {"2026-11": SecretStr("k" * MIN_SECRET_BYTES)},
        "cursor_secret": SecretStr("c" * MIN_SECRET_BYTES),
        "smtp_url": SecretStr("smtp://127.0.0.1:1"),
        "public_url": "https://vecinos.example",
        "mail_sender": "info@vecinos.example",
    }
    return Settings(**values | overrides)
