"""Transports of mail: SMTP, and a folder for development."""

import asyncio
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from app.application.ports import MailRefusedError
from app.core.settings import SmtpScheme

TIMEOUT_SECONDS = 20
TLS: dict[SmtpScheme, tuple[bool, bool | None]] = {
    SmtpScheme.OPPORTUNISTIC: (False, None),
    SmtpScheme.STARTTLS: (False, True),
    SmtpScheme.IMPLICIT: (True, False),
}
"""URL scheme → `use_tls` and `start_tls` of aiosmtplib."""

PERMANENT_REPLIES = range(500, 600)
SESSION_REPLIES = frozenset({530, 534, 535, 538})
"""Replies to MAIL that ask for STARTTLS or authentication (RFC 3207 §4, RFC 4954 §6)."""


class Transport(Protocol):
    async def deliver(self, message: EmailMessage) -> None: ...


class SmtpTransport:
    """Raises MailRefusedError for a 5yz in the mail transaction, which is not repeated (RFC 5321 §4.2.1).

    Raises aiosmtplib.SMTPException or OSError for everything else: a 4yz, and any failure to connect, to
    secure the connection or to log in. Those concern the server and not this mail (§3.1, RFC 7504
    §3), so the mail is retried later.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._use_tls, self._start_tls = TLS[SmtpScheme(parts.scheme)]
        self._hostname = parts.hostname
        self._port = parts.port
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def deliver(self, message: EmailMessage) -> None:
        try:
            await self._send(message)
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
            _raise_if_refused(error.code)
            raise
        except aiosmtplib.SMTPRecipientsRefused as error:
            [refused] = error.recipients
            _raise_if_refused(refused.code)
            raise

    async def _send(self, message: EmailMessage) -> None:
        await aiosmtplib.send(
            message,
            hostname=self._hostname,
            port=self._port,
            username=self._username,
            password=self._password,
            timeout=TIMEOUT_SECONDS,
            use_tls=self._use_tls,
            start_tls=self._start_tls,
        )


def _raise_if_refused(code: int) -> None:
    if code in PERMANENT_REPLIES and code not in SESSION_REPLIES:
        raise MailRefusedError(code) from None


class FolderTransport:
    """One .eml file for each mail, named after its Message-ID, for development."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def deliver(self, message: EmailMessage) -> None:
        await asyncio.to_thread(self._write, message)

    def _write(self, message: EmailMessage) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        (self._folder / f"{name}.eml").write_bytes(bytes(message))
