"""Runs the statements of a revision and records the time and the locks of each."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace

import psycopg

from gates.report.pull_request.revision_costs import EFFECTS, StatementCost

TABLES = """
SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_|^information_schema$' AND c.relname <> 'alembic_version'
"""
LOCKS = "SELECT relation, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation' AND granted"
POLL_INTERVAL = 0.02  # seconds; a statement outside a transaction releases its locks when it ends
MODES = list(EFFECTS)
MODE_WORD = re.compile(r"(?<!^)(?=[A-Z])")
FRAME = re.compile(
    r"(BEGIN|COMMIT);?$|SET |(INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|DROP TABLE) alembic_version"
)
"""Statements around those of the revision. They run, but the report leaves them out."""


@dataclass
class _Execution:
    """A transaction in progress. `held` are the strongest locks that were seen in it."""

    connection: psycopg.Connection
    monitor: psycopg.Connection
    tables: Mapping[int, str]
    held: dict[str, str] = field(default_factory=dict)

    def run(self, statement: str) -> StatementCost:
        """Run a statement and return its cost, still without the time for which its locks are held."""
        start = time.perf_counter()
        with ThreadPoolExecutor(1) as pool:
            running: Future[object] = pool.submit(self.connection.execute, statement)
            added: dict[str, str] = {}
            while not wait([running], timeout=POLL_INTERVAL).done:
                self._look(added)
            running.result()
        seconds = time.perf_counter() - start
        self._look(added)
        if self.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            self.held.clear()
        return StatementCost(sql=statement, seconds=seconds, held=seconds, locks=added)

    def _look(self, added: dict[str, str]) -> None:
        for relation, mode in self.monitor.execute(LOCKS, [self.connection.info.backend_pid]):
            table = self.tables.get(relation)
            name = MODE_WORD.sub(" ", mode.removesuffix("Lock")).upper()
            if table and (table not in self.held or MODES.index(name) > MODES.index(self.held[table])):
                self.held[table] = name
                added[table] = name


def tables_of(url: str) -> dict[int, str]:
    """Return the tables of a database, by oid."""
    with psycopg.connect(url) as connection:
        return dict(connection.execute(TABLES).fetchall())


def run_statements(url: str, statements: Sequence[str]) -> list[StatementCost]:
    """Run all statements on a database, and return the costs of those that belong to the revision.

    Raises psycopg.Error when one fails.
    """
    tables = tables_of(url)
    with (
        closing(psycopg.connect(url, autocommit=True)) as connection,
        closing(psycopg.connect(url, autocommit=True)) as monitor,
    ):
        execution = _Execution(connection, monitor, tables)
        costs = [execution.run(statement) for statement in statements if not _is_comment(statement)]
    return [cost for cost in _with_holding_times(costs) if not FRAME.match(cost.sql)]


def _with_holding_times(costs: Sequence[StatementCost]) -> Iterator[StatementCost]:
    """Yield the costs, each with the time from its start to the end of its transaction."""
    open_for: list[float] = []
    held = 0.0
    in_transaction = False
    for cost in reversed(costs):
        if cost.sql.startswith("COMMIT"):
            held = 0.0
            in_transaction = True
        if cost.sql.startswith("BEGIN"):
            in_transaction = False
        held = held + cost.seconds if in_transaction else cost.seconds
        open_for.append(held)
    yield from (replace(cost, held=held) for cost, held in zip(costs, reversed(open_for), strict=True))


def _is_comment(statement: str) -> bool:
    return all(line.startswith("--") for line in statement.splitlines())
