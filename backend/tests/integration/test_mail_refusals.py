"""Permanent and transient refusals of a mail server (RFC 5321 §4.2.1), in real conversations."""

from email.message import EmailMessage

import aiosmtplib
import pytest
from aiosmtpd.smtp import AuthResult

from app.application.ports import MailRefusedError
from app.infrastructure.mail.transports import SmtpTransport
from tests.integration.smtp_server import Refusing, smtp_server


def a_mail() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "no-reply@pau2.example"
    message["To"] = "nobody@pau2.example"
    message.set_content("Hello\n")
    return message


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("550 5.1.1 nobody@pau2.example: no such user", 550),
        ("552 5.2.2 over quota", 552),
        ("554 5.7.1 refused as spam", 554),
        ("500 what?", 500),
    ],
)
async def test_fails_permanently_when_server_replies_with_5yz(command: str, reply: str, code: int) -> None:
    async with smtp_server(Refusing(**{command: reply})) as url:
        with pytest.raises(MailRefusedError) as refused:
            await SmtpTransport(url).deliver(a_mail())

    assert refused.value.code == code
    assert "nobody" not in repr(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["450 4.2.1 greylisted", "451 4.3.0 try later", "452 4.2.2 mailbox full"])
async def test_is_retried_when_server_replies_with_4yz(command: str, reply: str) -> None:
    async with smtp_server(Refusing(**{command: reply})) as url:
        with pytest.raises(aiosmtplib.SMTPException):
            await SmtpTransport(url).deliver(a_mail())


@pytest.mark.parametrize("reply", ["530 5.7.0 Authentication required", "530 5.7.0 Issue STARTTLS first"])
async def test_is_retried_when_server_requires_log_in_or_tls(reply: str) -> None:
    async with smtp_server(Refusing(MAIL=reply)) as url:
        with pytest.raises(aiosmtplib.SMTPSenderRefused):
            await SmtpTransport(url).deliver(a_mail())


async def test_may_be_tried_again_when_the_password_is_refused() -> None:
    def refuse(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    async with smtp_server(Refusing(), authenticator=refuse, auth_require_tls=False) as url:
        with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refused:
            await SmtpTransport(url.replace("//", "//user:wrong@")).deliver(a_mail())

    assert refused.value.code == 535


@pytest.mark.parametrize("greeting", ["554 no mail service here", "521 does not accept mail", "421 busy"])
async def test_may_be_tried_again_when_the_server_does_not_begin(greeting: str) -> None:
    async with smtp_server(Refusing(), greeting=greeting) as url:
        with pytest.raises(aiosmtplib.SMTPConnectResponseError):
            await SmtpTransport(url).deliver(a_mail())
