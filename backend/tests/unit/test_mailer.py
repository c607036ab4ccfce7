from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from uuid import uuid4

import pytest

from app.application.email_changes import OLD_ADDRESS_TEMPLATES
from app.application.notices import NOTICES
from app.application.ports import MailTemplate
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Language
from app.infrastructure.mail.mailer import TemplateMailer
from app.infrastructure.mail.transports import FolderTransport, SmtpTransport
from tests.fakes import FixedClock

TO = EmailAddress("marta@pau2.example")
WITHOUT_TOKEN = {*NOTICES.values(), *OLD_ADDRESS_TEMPLATES.values(), MailTemplate.EMAIL_CHANGE_CONFLICT}
VALUES = {"name": "<b>Marta</b>", "token": "the-token"}
MAIL_ID = uuid4()


BEFORE_THE_PROOF = {
    MailTemplate.VERIFY_EMAIL,
    MailTemplate.RECOVERY,
    MailTemplate.EMAIL_CHANGE,
    MailTemplate.EMAIL_CHANGE_CONFLICT,
}
"""Mails to people who may never have entered the name on the account."""


class RecordingTransport:
    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def deliver(self, message: EmailMessage) -> None:
        self.messages.append(message)


@pytest.fixture
def transport() -> RecordingTransport:
    return RecordingTransport()


@pytest.fixture
def mailer(transport: RecordingTransport, clock: FixedClock) -> TemplateMailer:
    return TemplateMailer(
        transport,
        clock=clock,
        sender="PAU 2 <no-reply@pau2.example>",
        public_url="https://pau2.example",
    )


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    return str(body.get_content())


async def test_writes_text_and_html_when_a_mail_is_sent(
    mailer: TemplateMailer, transport: RecordingTransport
) -> None:
    await mailer.send(
        MailTemplate.INVITATION, to=TO, language=Language.ENGLISH, values=VALUES, mail_id=MAIL_ID
    )

    (message,) = transport.messages
    link = "https://pau2.example/reset-password#token=the-token"
    assert "<b>Marta</b>" in part(message, "plain")
    assert link in part(message, "plain")
    assert "\nthe-token\n" in part(message, "plain").replace("\r\n", "\n")
    assert "&lt;b&gt;Marta&lt;/b&gt;" in part(message, "html")
    assert f'href="{link}"' in part(message, "html")


async def test_names_itself_when_a_mail_is_sent(
    mailer: TemplateMailer, transport: RecordingTransport
) -> None:
    await mailer.send(
        MailTemplate.ACCOUNT_EXISTS, to=TO, language=Language.ENGLISH, values=VALUES, mail_id=MAIL_ID
    )

    (message,) = transport.messages
    assert dict(message.items()) | {"Content-Type": None} == {
        "From": "PAU 2 <no-reply@pau2.example>",
        "To": "marta@pau2.example",
        "Subject": "You already have an account",
        "Date": "Sun, 22 Nov 2026 09:30:00 +0000",
        "Message-ID": f"<{MAIL_ID}@pau2.example>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": None,
    }


async def test_goes_through_any_server_when_names_have_accents(
    mailer: TemplateMailer, transport: RecordingTransport
) -> None:
    values = VALUES | {"name": "Marta Ibáñez"}
    await mailer.send(
        MailTemplate.INVITATION, to=TO, language=Language.ENGLISH, values=values, mail_id=MAIL_ID
    )

    (message,) = transport.messages
    assert bytes(message).isascii()
    read = message_from_bytes(bytes(message), policy=SMTP)
    assert "Hello Marta Ibáñez," in part(read, "plain")


@pytest.mark.parametrize("template", list(MailTemplate))
@pytest.mark.parametrize("language", list(Language))
async def test_every_template_is_complete_when_in_any_language(
    mailer: TemplateMailer, transport: RecordingTransport, template: MailTemplate, language: Language
) -> None:
    await mailer.send(template, to=TO, language=language, values=VALUES, mail_id=MAIL_ID)

    (message,) = transport.messages
    assert message["Subject"]
    assert message["Content-Language"] == language.value
    greeting = {Language.ENGLISH: "Hello", Language.SPANISH: "Hola"}[language]
    assert part(message, "plain").startswith(greeting)
    named = template not in BEFORE_THE_PROOF
    assert ("<b>Marta</b>" in part(message, "plain")) is named
    assert ("&lt;b&gt;Marta&lt;/b&gt;" in part(message, "html")) is named
    for subtype in ("plain", "html"):
        assert "$" not in part(message, subtype)
        assert ("the-token" in part(message, subtype)) is (template not in WITHOUT_TOKEN)


async def test_makes_no_link_when_a_name_looks_like_an_address(
    mailer: TemplateMailer, transport: RecordingTransport
) -> None:
    values = VALUES | {"name": "https://pau2.example/phish"}
    await mailer.send(
        MailTemplate.INVITATION, to=TO, language=Language.SPANISH, values=values, mail_id=MAIL_ID
    )

    (message,) = transport.messages
    assert part(message, "html").count("<a ") == 1


async def test_writes_one_file_when_the_same_mail_is_sent_twice(tmp_path: Path, clock: FixedClock) -> None:
    folder = tmp_path / "made" / "when needed"
    mailer = TemplateMailer(
        FolderTransport(folder), clock=clock, sender="a@pau2.example", public_url="https://x"
    )

    for _ in range(2):
        await mailer.send(
            MailTemplate.VERIFY_EMAIL, to=TO, language=Language.ENGLISH, values=VALUES, mail_id=MAIL_ID
        )

    (file,) = folder.iterdir()
    assert file.name == f"{MAIL_ID}.eml"
    assert message_from_bytes(file.read_bytes(), policy=SMTP)["To"] == "marta@pau2.example"


@pytest.mark.parametrize(
    ("scheme", "use_tls", "start_tls"),
    [("smtp", False, None), ("smtp+starttls", False, True), ("smtps", True, False)],
)
def test_uses_tls_as_the_scheme_says_when_mail_goes_by_smtp(
    scheme: str, use_tls: bool, start_tls: bool | None
) -> None:
    transport = SmtpTransport(f"{scheme}://a%40b:p%3Aw@mail.example:2525")

    assert (transport._use_tls, transport._start_tls) == (use_tls, start_tls)
    assert (transport._hostname, transport._port) == ("mail.example", 2525)
    assert (transport._username, transport._password) == ("a@b", "p:w")
