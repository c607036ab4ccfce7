"""Many believable members at once, made by PostgreSQL itself: a million in about a minute."""

from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.application.ports import Clock

BATCH = 10_000
"""Members for each statement, so that none comes near the time limit of statements."""

GIVEN_NAMES = (
    "Adriana Aitana Alba Alejandro Álvaro Ana Andrés Beatriz Begoña Carlos Carmen Clara Daniel David "
    "Elena Enrique Eva Fernando Gonzalo Iker Inés Irene Javier Jorge José Julia Laura Lucía Luis Manuel "
    "Marcos María Mario Marta Mateo Miguel Noelia Nuria Óscar Pablo Paula Pedro Raquel Rosa Rubén Sara Sergio"
)
SURNAMES = (
    "Alonso Álvarez Blanco Cano Castro Cortés Cruz Delgado Díaz Domínguez Fernández Ferrer Flores Fuentes "
    "García Gil Gómez González Guerrero Gutiérrez Hernández Herrera Ibáñez Iglesias Jiménez León López "
    "Lozano Marín Martín Martínez Medina Méndez Molina Moreno Muñoz Navarro Núñez Ortega Ortiz Peña Ramos"
)

INSERT = text("""
    WITH names AS (
        SELECT string_to_array(:given_names, ' ') AS given_names, string_to_array(:surnames, ' ') AS surnames
    ), people AS (
        SELECT
            n,
            md5(n::text) AS digest,
            given_names[1 + n % cardinality(given_names)] AS given_name,
            surnames[1 + n / 7 % cardinality(surnames)] AS surname,
            surnames[1 + n * 31 % cardinality(surnames)] AS second_surname,
            CAST(:now AS timestamptz) - make_interval(days => n * 7 % 1825, secs => n % 86400) AS joined_at
        FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n, names
    )
    INSERT INTO members (
        id, email, password_hash, full_name, phone, role, is_active, email_verified_at,
        created_at, updated_at, version
    )
    SELECT
        (lpad(to_hex((extract(epoch FROM joined_at) * 1000)::bigint), 12, '0')
            || '7' || substr(digest, 1, 3) || 'a' || substr(digest, 4, 15))::uuid,
        translate(lower(given_name || '.' || surname), 'áéíóúñÁÓ', 'aeiounao') || n || '@pau2.example',
        :password_hash,
        given_name || ' ' || surname || ' ' || second_surname,
        CASE WHEN n % 3 > 0 THEN '+346' || lpad((n * 89 % 100000000)::text, 8, '0') END,
        CASE WHEN n % 500 = 0 THEN 'BOARD_MEMBER' WHEN n % 4 = 0 THEN 'SUPPORTER' ELSE 'MEMBER' END,
        n % 20 > 0,
        CASE WHEN n % 10 > 0 OR joined_at < CAST(:now AS timestamptz) - interval '20 days' THEN joined_at END,
        joined_at,
        joined_at,
        1
    FROM people
    ON CONFLICT (email) DO NOTHING
""")


class SqlAlchemyDemoMembers:
    """The n-th member is the same in every database, but for the dates, which count back from now."""

    def __init__(self, sessions: Callable[[], AsyncSession], *, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    async def add(self, count: int, *, password_hash: str) -> None:
        for first in range(1, count + 1, BATCH):
            values = {
                "first": first,
                "last": min(first + BATCH - 1, count),
                "now": self._clock.now(),
                "given_names": GIVEN_NAMES,
                "surnames": SURNAMES,
                "password_hash": password_hash,
            }
            async with self._sessions() as session, session.begin():
                await session.execute(INSERT, values)
