# The two roles and the database, once, when the server is new. The passwords are those of the addresses.
# PostgreSQL's image reads this file into its own shell, which stops at an error.
password_of() {
  sed 's|^[^:]*://[^:]*:\([^@]*\)@.*|\1|' "${SECRETS:-/run/secrets}/$1"
}

psql --set ON_ERROR_STOP=1 --no-psqlrc --username postgres <<SQL
CREATE ROLE pau2_owner LOGIN PASSWORD '$(password_of pau2_migration_database_url)';
CREATE ROLE pau2 LOGIN PASSWORD '$(password_of database_url)';
CREATE DATABASE pau2 OWNER pau2_owner ENCODING 'UTF8' TEMPLATE template0;
SQL
