"""Messages of `migrate` about databases whose encoding cannot store every name."""

import pytest

from app.core.settings import Environment, SettingsError
from app.infrastructure.database.migrations import migrate
from devtools.databases import execute
from devtools.postgres import in_database
from tests.factories import make_settings
from tests.plugins.database import MigratedDatabases, database_of


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "WIN1252"])
def test_refuses_database_when_it_is_not_in_utf_8(
    encoding: str, migrated_databases: MigratedDatabases
) -> None:
    scratch = migrated_databases.scratch
    name = database_of(scratch.create_database())
    scratch.drop_database(name)
    create = f"CREATE DATABASE {{}} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
    execute(scratch.admin, create, name)

    with pytest.raises(SettingsError) as refusal:
        migrate(make_settings(in_database(scratch.server, name), environment=Environment.DEVELOPMENT))

    scratch.drop_database(name)
    assert str(refusal.value) == (
        f"The database is in {encoding} and cannot hold every name. "
        "Recreate it with ENCODING 'UTF8' TEMPLATE template0."
    )
