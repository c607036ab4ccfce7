"""Mails: written from templates, handed to a transport."""

from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from pathlib import Path
from string import Template
from uuid import UUID

from app.application.ports import Mailer, MailTemplate
from app.core.settings import Settings
from app.domain.members import EmailAddress
from app.domain.ports import Clock
from app.infrastructure.mail.transports import FolderTransport, SmtpTransport, Transport

TEMPLATES = Path(__file__).parent / "templates"
DEFAULT_LANGUAGE = "en"
POLICY = SMTP.clone(cte_type="7bit")
"""Not every server on the way takes eight bits (RFC 6152)."""


class TemplateMailer:
    """Each mail is `templates/<language>/<name>.txt`, whose first line is the subject, and `.html`.

    Both may use `$public_url`; values are escaped in HTML. The subject takes no values, so that
    what people type about themselves stays out of the headers.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        clock: Clock,
        sender: str,
        public_url: str,
        language: str = DEFAULT_LANGUAGE,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._sender = sender
        self._public_url = public_url
        self._templates = TEMPLATES / language

    async def send(
        self, template: MailTemplate, *, to: EmailAddress, values: Mapping[str, str], mail_id: UUID
    ) -> None:
        values = {**values, "public_url": self._public_url}
        text = (self._templates / f"{template}.txt").read_text(encoding="utf-8")
        html = (self._templates / f"{template}.html").read_text(encoding="utf-8")
        subject, _, body = text.partition("\n")
        message = EmailMessage(policy=POLICY)
        message["From"] = self._sender
        message["To"] = to.value
        message["Subject"] = subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{mail_id}@{parseaddr(self._sender)[1].rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
        message.set_content(Template(body.lstrip()).substitute(values))
        escaped = {name: escape(value) for name, value in values.items()}
        message.add_alternative(Template(html).substitute(escaped), subtype="html")
        await self._transport.deliver(message)


def create_mailer(settings: Settings, *, clock: Clock) -> Mailer:
    """Choose SMTP where a server is configured, and else the mail folder."""
    transport: Transport = FolderTransport(settings.mail_folder)
    if settings.smtp_url is not None:
        transport = SmtpTransport(settings.smtp_url.get_secret_value())
    return TemplateMailer(transport, clock=clock, sender=settings.mail_sender, public_url=settings.public_url)
