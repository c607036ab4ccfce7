"""Checks of the PostgreSQL server, the development database and the scratch databases."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import psycopg

from devtools.databases import ScratchDatabases, abandoned_runs, scratch_databases
from devtools.doctor.checks import FIX, Result
from devtools.embedded import EmbeddedServer
from devtools.errors import PostgresUnavailableError
from devtools.postgres import DATABASE, embedded_server, in_database, server_url
from devtools.programs import DISTRIBUTION
from devtools.server_folders import home
from gates.migrations.revisions import ordered_revisions
from gates.model import GateError, Project

MAX_SKEW_SECONDS = 5.0
"""Deadlines use the server's clock, tokens the application's: they must agree."""
RESET = "./noxw -s app -- reset"
MIGRATE = "./noxw -s app -- migrate"


@dataclass
class Server:
    """The server of a checkout. `is_started` allows the checks to start the embedded one."""

    place: Path
    is_started: bool = False

    @property
    def is_external(self) -> bool:
        """Return whether DATABASE_URL names another server."""
        return bool(os.environ.get("DATABASE_URL"))

    @property
    def embedded(self) -> EmbeddedServer:
        return embedded_server(home(self.place))

    @cached_property
    def url(self) -> str:
        """The address of the server; "" if it does not run or cannot be used."""
        if not (self.is_external or self.is_started or self.embedded.is_running()):
            return ""
        try:
            return server_url() if self.is_external else self.embedded.url()
        except PostgresUnavailableError as error:
            self.refusal = str(error)
            return ""

    refusal: str = ""
    """The reason why the server cannot be used, set by `url`."""

    def server(self) -> Result:
        """Check that the server of the sessions responds, and its clock is right."""
        if not self.is_external and (wrong := self._file_problem()):
            return wrong
        url = self.url
        if self.refusal:
            remedy = (
                "unset DATABASE_URL" if self.is_external else f"tail {shlex.quote(str(self.embedded.log))}"
            )
            return Result(summary=self.refusal, remedy=remedy)
        if not url:
            summary = "the embedded server does not run. To start and check it: ./noxw -s doctor -- --start"
            return Result(summary=summary)
        with psycopg.connect(url, connect_timeout=5) as connection:
            row = connection.execute("SELECT current_setting('server_version'), clock_timestamp()").fetchone()
            where = f"{connection.info.host or 'the local socket'}:{connection.info.port}"
        number, now = row or ("", datetime.now(UTC))
        skew = (now - datetime.now(UTC)).total_seconds()
        if abs(skew) > MAX_SKEW_SECONDS:
            summary = f"the server's clock differs from this one by {skew:+.0f} s"
            return Result(summary=summary, remedy="sudo timedatectl set-ntp true && date")
        which = (
            f"DATABASE_URL names another server, {where}" if self.is_external else "the embedded server runs"
        )
        return Result(summary=f"{which}: PostgreSQL {number.split()[0]}")

    def database(self, project: Project) -> Result:
        """Check that the development database has all revisions of this branch, and none of another."""
        if not self.url:
            return Result(summary="there is no server. See above", is_skipped=True)
        try:
            known = [revision.id for revision in ordered_revisions(project)]
        except GateError as error:
            return Result(summary=str(error), is_skipped=True)
        url = self.url if self.is_external else in_database(self.url, DATABASE)
        try:
            with psycopg.connect(url, connect_timeout=5) as connection:
                return self._compare_revisions(connection, known)
        except psycopg.Error as error:
            if isinstance(error, psycopg.OperationalError) and "does not exist" in str(error):
                return Result(summary="it does not exist yet; ./noxw -s dev creates it")
            return Result(summary=f"it cannot be read ({str(error).splitlines()[0]})", remedy=MIGRATE)

    def scratch(self) -> Result:
        """Check that no killed run has left scratch databases."""
        if not self.url:
            return Result(summary="there is no server. See above", is_skipped=True)
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            left = abandoned_runs(ScratchDatabases(self.url, connection, run=""))
        if not left:
            return Result(summary="killed runs left no databases")

        def drop() -> str:
            with scratch_databases():  # drops those of killed runs first
                return f"dropped the databases of {len(left)} killed runs"

        summary = f"{len(left)} killed runs left databases: {', '.join(left)}"
        return Result(summary=summary, remedy=FIX, repair=drop)

    def _file_problem(self) -> Result | None:
        """Return the result for files that keep the embedded server from starting; None if there are none."""
        data = self.embedded.data
        version_file = data / "PG_VERSION"
        ours = version(DISTRIBUTION).split(".")[0]
        if version_file.exists() and (found := version_file.read_text(encoding="utf-8").strip()) != ours:
            summary = (
                f"the data of the embedded server is from PostgreSQL {found}, its programs are from {ours}"
            )
            return Result(summary=summary, remedy=f"rm -r {shlex.quote(str(self.embedded.place))}")
        other = self.embedded.postmaster()
        if other and not self.embedded.is_running():
            summary = f"a PostgreSQL that was started in another way (process {other.pid}) uses {data}"
            return Result(summary=summary, remedy=f"kill -INT {other.pid}")
        return None

    def _compare_revisions(self, connection: psycopg.Connection, known: Sequence[str]) -> Result:
        name = connection.info.dbname
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return Result(summary=f"{name} has no tables yet", remedy=MIGRATE)
        applied = [str(row[0]) for row in connection.execute("SELECT version_num FROM alembic_version")]
        foreign = [revision for revision in applied if revision not in known]
        if foreign:
            remedy = f"{RESET} {name}" if self.is_external else RESET
            summary = f"{name} has the revision {foreign[0]}, which this branch does not have"
            return Result(summary=summary, remedy=remedy)
        missing = len(known) - 1 - max((known.index(revision) for revision in applied), default=-1)
        if missing:
            return Result(summary=f"{name} lacks {missing} of {len(known)} revisions", remedy=MIGRATE)
        return Result(summary=f"{name} has all {len(known)} revisions")
