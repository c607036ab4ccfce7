"""`repr` ends up in logs and tracebacks, so it shows neither secrets nor personal data."""

from dataclasses import fields, is_dataclass
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest

import app.application
import app.domain
from app.application import auth as logging_in
from app.application import (
    consultations_queries,
    idempotency,
    members,
    members_queries,
    passwords,
    ports,
    registrations,
    setup,
)
from app.domain import auth
from app.domain.consultations import answers, questions
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import Member

SECRET = {
    *("client", "current_password", "full_name", "parent_digest", "password", "password_hash"),
    *("refresh_token", "text", "texts", "token", "token_digest", "username", "value"),
}
HARMLESS = {
    "NewAdmin.password": "a Password, which hides itself",
    "NewCalendarAddress.token": "a CalendarToken, which hides itself",
    "Option.text": "what the board offers",
    "OptionResult.text": "what the board offers",
    "OptionView.text": "what the board offers",
}


@pytest.mark.parametrize(
    ("kind", "hidden"),
    [
        (EmailAddress, {"value"}),
        (PhoneNumber, {"value"}),
        (Member, {"password_hash", "full_name"}),
        (questions.Answer, {"text"}),
        (answers.Answers, {"texts"}),
        (consultations_queries.AnswerView, {"text"}),
        (auth.Password, {"value"}),
        (auth.RefreshToken, {"text"}),
        (auth.Session, {"token_digest", "parent_digest"}),
        (registrations.Registration, {"password", "full_name", "client"}),
        (logging_in.PasswordGrant, {"username", "password", "client", "replaces"}),
        (logging_in.RefreshGrant, {"refresh_token"}),
        (idempotency.StoredResponse, {"body"}),
        (members.Invitation, {"full_name"}),
        (passwords.PasswordReset, {"token", "password"}),
        (passwords.PasswordChange, {"current_password", "password"}),
        (ports.AccessToken, {"text"}),
        (members_queries.MemberView, {"full_name"}),
        (setup.NewAdmin, {"full_name"}),
    ],
)
def test_hides_each_of_these_when_shown(kind: type[Any], hidden: set[str]) -> None:
    assert {field.name for field in fields(kind) if not field.repr} == hidden


def test_hides_secrets_and_names_when_commands_are_printed() -> None:
    modules = [
        import_module(module.name)
        for package in (app.application, app.domain)
        for module in walk_packages(package.__path__, f"{package.__name__}.")
    ]
    classes = {thing for module in modules for thing in vars(module).values() if isinstance(thing, type)}

    shown = {
        f"{each.__name__}.{field.name}"
        for each in classes
        if is_dataclass(each)
        for field in fields(each)
        if field.repr and field.name in SECRET
    }

    assert shown == set(HARMLESS)
