"""A real SMTP server whose replies the test chooses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP


class Refusing:
    """Sends the given replies to these commands, and accepts all others."""

    def __init__(self, **replies: str) -> None:
        for command, reply in replies.items():
            setattr(self, f"handle_{command}", _answering(reply))


def _answering(reply: str) -> Callable[..., Awaitable[str]]:
    async def answer(*_: object) -> str:
        return reply

    return answer


class GreetingServer(SMTP):
    """Greets with the given reply instead of 220."""

    def __init__(self, *arguments: Any, greeting: str | None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._greeting = greeting

    async def push(self, status: AnyStr) -> None:
        greeting, self._greeting = self._greeting, None
        if greeting is None:
            await super().push(status)
        else:
            await super().push(greeting)


@asynccontextmanager
async def smtp_server(handler: object, *, greeting: str | None = None, **options: Any) -> AsyncIterator[str]:
    """Serve on a free port, and yield the address. The options are those of aiosmtpd's SMTP."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: GreetingServer(handler, loop=loop, greeting=greeting, **options), "127.0.0.1", 0
    )
    yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()
