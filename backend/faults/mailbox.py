"""A mail server that stores its mails, and that can be stopped or silent."""

import asyncio
from collections import defaultdict
from email.message import Message as Mail

from aiosmtpd.handlers import Message
from aiosmtpd.smtp import SMTP


class Mailbox(Message):
    """Serves SMTP on one port of 127.0.0.1 in this process's event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: defaultdict[str, list[str]] = defaultdict(list)
        """Recipient → the Message-ID of each delivery."""
        self._server: asyncio.Server | None = None
        self._silent: set[asyncio.StreamWriter] = set()
        self._port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Accept mails, on the same port each time."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def start_silent(self) -> None:
        """Accept connections and never greet."""
        self._server = await asyncio.start_server(self._never_answer, "127.0.0.1", self._port)

    async def stop(self) -> None:
        """Refuse connections, and end those that wait for a greeting."""
        if self._server:
            self._server.close()
            self._server = None
        for writer in self._silent:
            writer.close()
        self._silent.clear()

    def handle_message(self, message: Mail) -> None:
        """Keep the id of a mail. aiosmtpd names the recipients in this header."""
        for recipient in message["X-RcptTo"].split(", "):
            self.ids[recipient].append(message["Message-ID"])

    async def _never_answer(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._silent.add(writer)
