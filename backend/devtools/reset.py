"""`./noxw -s app -- reset [--yes] [NAME]`: drops and recreates the development database, and no other."""

import argparse
import os
import sys
from collections.abc import Sequence

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict

from devtools.databases import execute
from devtools.errors import PostgresUnavailableError
from devtools.postgres import DATABASE, development_variables, in_database, server_url
from devtools.signals import run_command

MAINTENANCE_DATABASE = "postgres"
"""The database to connect to while another one is dropped."""
PROTECTED_DATABASES = frozenset({MAINTENANCE_DATABASE, "template0", "template1"})
DEVELOPMENT_ENVIRONMENTS = {"", "development"}


class RefusedError(Exception):
    """The database is unchanged. The message says why, then what to do."""


def main(arguments: Sequence[str]) -> int:
    """Recreate the database and migrate it; return the exit code, 2 if the database is unchanged."""
    parser = argparse.ArgumentParser(
        prog="./noxw -s app -- reset", description="Drop and recreate the database."
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("name", nargs="?", help="the database that DATABASE_URL names, to confirm it")
    options = parser.parse_args(arguments)
    try:
        url = target(options.name)
        name = _name(url)
        if not options.yes:
            confirm(name)
        recreate(url)
        variables = development_variables()
    except (RefusedError, PostgresUnavailableError) as error:
        print(f"reset: {error}", file=sys.stderr)
        return 2
    code = run_command([sys.executable, "-m", "app", "migrate"], os.environ | variables)
    if not code:
        print(f"reset: {name} is new and empty. To fill it with demo data, run ./noxw -s dev.")
    return code


def target(confirmed_name: str | None) -> str:
    """Return the address of the database to drop, as the role that owns it.

    DATABASE_URL can name any server, so there the name must confirm the database. Raises RefusedError and
    PostgresUnavailableError.
    """
    if os.environ.get("PAU2_ENVIRONMENT", "") not in DEVELOPMENT_ENVIRONMENTS:
        raise RefusedError(
            "PAU2_ENVIRONMENT is not `development`. Unset it if this is a development database."
        )
    server = server_url()
    if not os.environ.get("DATABASE_URL"):
        if confirmed_name not in {None, DATABASE}:
            raise RefusedError(
                f"The development database is {DATABASE}, not {confirmed_name}. Leave the name out."
            )
        return in_database(server, DATABASE)
    url = os.environ.get("PAU2_MIGRATION_DATABASE_URL") or server
    names = {_name(server), _name(url)}
    if names != {confirmed_name} or confirmed_name in PROTECTED_DATABASES:
        named = " and ".join(sorted(names))
        raise RefusedError(
            f"DATABASE_URL is set, to the database {named}. To drop that one, add its name: "
            f"./noxw -s app -- reset {named}. Unset DATABASE_URL to recreate the embedded one."
        )
    return url


def confirm(name: str) -> None:
    """Ask for the name of the database. Raises RefusedError for another name, and without a terminal."""
    question = f"Drop the database {name} with all its data? Type its name: "
    if not sys.stdin.isatty() or input(question).strip() != name:
        raise RefusedError(f"{name} is unchanged. To drop it without a question, add --yes.")


def recreate(url: str) -> None:
    """Drop a database and create it for the same owner. Raises RefusedError if it is in use.

    Connections of other programs are not closed: the product would continue without its tables.
    """
    name = _name(url)
    try:
        with psycopg.connect(
            in_database(url, MAINTENANCE_DATABASE), autocommit=True, connect_timeout=5
        ) as connection:
            owner = _owner(connection, name)
            execute(connection, "DROP DATABASE IF EXISTS {}", name)
            execute(connection, "CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0", name, owner)
    except errors.ObjectInUse:
        raise RefusedError(
            f"Another program uses {name}. Stop ./noxw -s dev, psql and the like, and terminate the rest of "
            "killed runs: ./noxw -s doctor -- --fix. Then run this command again."
        ) from None
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise RefusedError(
            f"{name} cannot be recreated ({reason}). Name its owner in DATABASE_URL."
        ) from None


def _owner(connection: psycopg.Connection, name: str) -> str:
    """Return the owner of the database, or the role of the connection if it does not exist."""
    ask = sql.SQL("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s")
    row = connection.execute(ask, [name]).fetchone()
    return str(row[0]) if row else connection.info.user


def _name(url: str) -> str:
    return str(conninfo_to_dict(url).get("dbname", ""))
