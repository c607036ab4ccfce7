"""The statements of one submitted response, on psycopg alone.

`python -m benchmarks.baselines.bare_statements JSON` prints the number of submissions and the
seconds that they took, as a JSON array.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from itertools import count
from uuid import uuid4

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from benchmarks.data import MEMBER_PREFIX, SESSION_PREFIX, row_id

AUTHENTICATE = b"""
    SELECT m.role, s.authenticated_at FROM sessions s JOIN members m ON m.id = s.member_id
    WHERE s.id = %s AND s.revoked_at IS NULL AND s.expires_at > now() AND m.id = %s AND m.is_active
"""
READ = (
    b"SELECT * FROM consultations WHERE id = %s FOR SHARE",
    b"SELECT * FROM questions WHERE consultation_id = %s ORDER BY position",
    b"SELECT o.* FROM options o JOIN questions q ON q.id = o.question_id WHERE q.consultation_id = %s",
)
PARTICIPATE = b"INSERT INTO participations (consultation_id, member_id) VALUES (%s, %s)"
CAST = b"INSERT INTO ballots (id, consultation_id, choices, texts) VALUES (%s, %s, %s::uuid[], %s)"


async def submit(connection: AsyncConnection, number: int, consultation: str, choices: list[str]) -> None:
    """Execute the statements of one submission by the member with this number."""
    member = row_id(MEMBER_PREFIX, number)
    await (await connection.execute(AUTHENTICATE, (row_id(SESSION_PREFIX, number), member))).fetchone()
    async with connection.transaction():
        for query in READ:
            await (await connection.execute(query, (consultation,))).fetchall()
        await (await connection.execute(b"SELECT clock_timestamp()")).fetchone()
        await connection.execute(PARTICIPATE, (consultation, member))
        texts = Jsonb({consultation: "Shade, please."})
        await connection.execute(CAST, (uuid4(), consultation, choices, texts))


async def main(
    *, url: str, consultation: str, choices: list[str], first: int, seconds: float, clients: int
) -> tuple[int, float]:
    """Submit for some seconds. Return the number of submissions and the seconds that they took."""
    numbers = count(first)
    async with AsyncConnectionPool(
        url, min_size=10, max_size=10, open=False, kwargs={"autocommit": True}
    ) as pool:
        start = time.perf_counter()

        async def client() -> None:
            for number in _until(start + seconds, numbers):
                async with pool.connection() as connection:
                    await submit(connection, number, consultation, choices)

        await asyncio.gather(*(client() for _ in range(clients)))
        return next(numbers) - first, time.perf_counter() - start


def _until(end: float, numbers: Iterator[int]) -> Iterator[int]:
    while time.perf_counter() < end:
        yield next(numbers)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(**json.loads(sys.argv[1])))))
