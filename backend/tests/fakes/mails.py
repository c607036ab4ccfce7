"""Mails that are recorded instead of sent."""

from collections.abc import Mapping
from uuid import UUID

from app.application.ports import MailTemplate
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Language


class RecordingMailer:
    """Records mails instead of sending them."""

    def __init__(self) -> None:
        self.sent: list[tuple[MailTemplate, EmailAddress, Language, Mapping[str, str], UUID]] = []

    async def send(
        self,
        template: MailTemplate,
        *,
        to: EmailAddress,
        language: Language,
        values: Mapping[str, str],
        mail_id: UUID,
    ) -> None:
        self.sent.append((template, to, language, values, mail_id))
