"""A database without connections, with locks in the way, on a full disk, read-only, or being migrated."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import psycopg
from psycopg import AsyncConnection, OperationalError

from faults.clients import API
from faults.data import ADMIN, authorization, member_id
from faults.runner import NotTriedError, Scene
from faults.service import BACKEND, DATABASE

HELD = 6.0
"""Seconds: three times the lock timeout of a statement."""
DEADLOCKS = 12
TAKER = "taker"
END_OTHER_SESSIONS = b"""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND application_name <> %s
"""


async def exhausted_connections(scene: Scene) -> None:
    """Another program takes every connection, and each one that becomes free, for a while."""
    deadline = time.monotonic() + HELD
    async with AsyncExitStack() as stack:
        await _take_free_connections(scene, stack)
        async with _connected(scene.service.admin_url) as admin:
            await admin.execute(END_OTHER_SESSIONS, [DATABASE, TAKER])
        while time.monotonic() < deadline:
            await _take_free_connections(scene, stack)
            await asyncio.sleep(0.02)
    scene.expect_refusals()


async def held_lock(scene: Scene) -> None:
    """A colleague's session locks a whole table and forgets it; other tables stay usable."""
    async with _connected(scene.service.owner_url) as connection, connection.transaction():
        await connection.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        before = scene.journal.promised("invitation")
        await asyncio.sleep(HELD)
        after = scene.journal.promised("invitation")
    scene.expect(after > before, "members could not be invited while events were locked")


async def read_only(scene: Scene) -> None:
    """The server is read-only, like a replica that is configured as the primary by mistake."""
    await _configure(scene, "SET default_transaction_read_only = on")
    await asyncio.sleep(HELD)
    await _configure(scene, "RESET default_transaction_read_only")
    scene.expect_refusals()


async def full_disk(scene: Scene) -> None:
    """The disk is full, so the server cannot write its log and ends; with room it starts again."""
    place = scene.service.server.place
    if not place.is_mount():
        raise NotTriedError("no small file system can be mounted here")
    ballast = place / "ballast"
    await asyncio.to_thread(_fill, ballast)
    await asyncio.sleep(HELD)
    ballast.unlink()
    await asyncio.to_thread(scene.service.start_database)
    scene.expect_refusals()


async def deadlocks(scene: Scene) -> None:
    """A session takes rows in the other order, so PostgreSQL ends one of two transactions."""
    target = member_id(19_999)
    headers = authorization(ADMIN) | {"If-Match": "*"}
    statuses: list[int] = []
    before = await _deadlocks(scene)
    async with httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as client:
        for number in range(DEADLOCKS):
            async with _connected(scene.service.owner_url) as connection:
                with suppress(psycopg.errors.DeadlockDetected):
                    async with connection.transaction():
                        await connection.execute("SELECT FROM members WHERE id = %s FOR UPDATE", [target])
                        base = f"http://127.0.0.1:{scene.service.apis[number % 2].port}{API}"
                        role = {"role": ("SUPPORTER", "MEMBER")[number % 2]}
                        changing = asyncio.create_task(client.put(f"{base}/members/{target}/role", json=role))
                        await asyncio.sleep(0.3)
                        await connection.execute("SELECT FROM members WHERE role = 'ADMIN' FOR UPDATE")
            statuses.append((await changing).status_code)
    scene.expect(await _deadlocks(scene) > before, "PostgreSQL saw no deadlock")
    scene.expect(set(statuses) <= {200, 503}, f"a deadlock was answered with {sorted(set(statuses))}")


async def migration_under_traffic(scene: Scene) -> None:
    """The newest revision goes down and up again under load, and its upgrade is killed on the way."""
    await asyncio.to_thread(_alembic, scene, "downgrade", "-1")
    for seconds in (0.8, 1.6, 3.2):
        killed = scene.service.begin("migrate")
        await asyncio.sleep(seconds)
        killed.kill()
        killed.wait()
    await asyncio.to_thread(scene.service.run, "migrate")
    head = await asyncio.to_thread(_alembic, scene, "current")
    scene.expect("(head)" in head, f"the schema is at {head}, not at its head")


async def _take_free_connections(scene: Scene, stack: AsyncExitStack) -> None:
    """Open connections until the server has none left; they are closed with the stack."""
    url = f"{scene.service.environment['DATABASE_URL']}&application_name={TAKER}"
    with suppress(OperationalError):
        while True:
            await stack.enter_async_context(_connected(url))


async def _deadlocks(scene: Scene) -> int:
    """Return how many deadlocks PostgreSQL has ended. It counts them with a delay of seconds."""
    async with _connected(scene.service.admin_url) as connection:
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = %s"
        [(count,)] = await (await connection.execute(query, [DATABASE])).fetchall()
    return int(count)


async def _configure(scene: Scene, change: str) -> None:
    """Change a setting of the database for new sessions, and end the old ones."""
    async with _connected(scene.service.admin_url) as connection:
        await connection.execute(f"ALTER DATABASE {DATABASE} {change}".encode())
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        await connection.execute(ended, [DATABASE])


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncConnection]:
    async with await AsyncConnection.connect(url, autocommit=True, connect_timeout=5) as connection:
        yield connection


def _fill(ballast: Path) -> None:
    """Write a file until no byte is left."""
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024**2))
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(512))


def _alembic(scene: Scene, *arguments: str) -> str:
    """Run Alembic on the database; return its output."""
    done = subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=BACKEND,
        env=os.environ | {"DATABASE_URL": scene.service.owner_url},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
