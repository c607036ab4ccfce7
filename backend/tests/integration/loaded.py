"""Processes in which the application is loaded already: loading takes longer than most of what they do."""

import asyncio
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["app.main"])


def start(work: Callable[..., object], *arguments: object) -> BaseProcess:
    """Run a module's function in a new process."""
    process = FORKS.Process(target=work, args=arguments)
    process.start()
    return process


async def ended(process: BaseProcess, within: float) -> int | None:
    """Return the exit code, negative after a signal, None if it runs on after `within` seconds."""
    await asyncio.to_thread(process.join, within)
    return process.exitcode
