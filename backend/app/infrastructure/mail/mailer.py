"""Mails: rendered from templates, sent by a transport."""

from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from pathlib import Path
from string import Template
from uuid import UUID

from app.application.ports import Clock, Mailer, MailTemplate
from app.core.settings import Settings
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Language
from app.infrastructure.mail.transports import FolderTransport, SmtpTransport, Transport

TEMPLATES = Path(__file__).parent / "templates"
POLICY = SMTP.clone(cte_type="7bit")
"""Not every relay accepts 8-bit content (RFC 6152)."""


class TemplateMailer:
    """Renders `templates/<language>/<name>.txt`, whose first line is the subject.

    A template may use `$public_url` besides its values. The HTML part is derived from the text: a paragraph
    that is one of our addresses becomes a link, the rest is escaped. The subject has no values, so that
    nothing that people type gets into the headers.
    """

    def __init__(self, transport: Transport, *, clock: Clock, sender: str, public_url: str) -> None:
        self._transport = transport
        self._clock = clock
        self._sender = sender
        self._public_url = public_url

    async def send(
        self,
        template: MailTemplate,
        *,
        to: EmailAddress,
        language: Language,
        values: Mapping[str, str],
        mail_id: UUID,
    ) -> None:
        text = (TEMPLATES / language / f"{template}.txt").read_text(encoding="utf-8")
        subject, _, body = text.partition("\n")
        body = Template(body.strip()).substitute(values, public_url=self._public_url)
        message = EmailMessage(policy=POLICY)
        message["From"] = self._sender
        message["To"] = to.value
        message["Subject"] = subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{mail_id}@{parseaddr(self._sender)[1].rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents automatic replies
        message.set_content(body + "\n")
        message.add_alternative(self._html(subject, body, language), subtype="html")
        message["Content-Language"] = language.value
        await self._transport.deliver(message)

    def _html(self, subject: str, body: str, language: Language) -> str:
        paragraphs = "".join(f"<p>{self._linked(part)}</p>\n" for part in body.split("\n\n"))
        head = f'<meta charset="utf-8"><title>{escape(subject)}</title>'
        html = f'<html lang="{language}"><head>{head}</head><body>\n{paragraphs}</body></html>'
        return f"<!doctype html>\n{html}\n"

    def _linked(self, paragraph: str) -> str:
        text = escape(paragraph)
        is_address = paragraph.startswith(self._public_url) and not any(map(str.isspace, paragraph))
        return f'<a href="{text}">{text}</a>' if is_address else text


def create_mailer(settings: Settings, *, clock: Clock) -> Mailer:
    """Return the SMTP transport if a server is configured, otherwise the mail folder."""
    transport: Transport = FolderTransport(settings.mail_folder)
    if settings.smtp_url is not None:
        transport = SmtpTransport(settings.smtp_url.get_secret_value())
    return TemplateMailer(transport, clock=clock, sender=settings.mail_sender, public_url=settings.public_url)
