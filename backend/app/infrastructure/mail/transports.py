"""Ways to hand over a mail."""

import asyncio
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from app.core.settings import SmtpScheme

TIMEOUT_SECONDS = 20
TLS: dict[SmtpScheme, tuple[bool, bool | None]] = {
    SmtpScheme.OPPORTUNISTIC: (False, None),
    SmtpScheme.STARTTLS: (False, True),
    SmtpScheme.IMPLICIT: (True, False),
}
"""URL scheme → `use_tls` and `start_tls` of aiosmtplib."""


class Transport(Protocol):
    async def deliver(self, message: EmailMessage) -> None: ...


class SmtpTransport:
    """Raises aiosmtplib.SMTPException, OSError: the job is then run again later."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._use_tls, self._start_tls = TLS[SmtpScheme(parts.scheme)]
        self._hostname = parts.hostname
        self._port = parts.port
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def deliver(self, message: EmailMessage) -> None:
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
