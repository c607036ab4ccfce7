# Creates the cluster, its superuser and a database when the volume is empty, then runs the command.
# As in the official image: POSTGRES_USER, POSTGRES_DB, POSTGRES_HOST_AUTH_METHOD, POSTGRES_PASSWORD_FILE, and the scripts in
# /docker-entrypoint-initdb.d. Connections of the container itself need no password.
set -eu
user=${POSTGRES_USER:-postgres}
if [ ! -e "$PGDATA/PG_VERSION" ]; then
  initdb --username "$user" --auth trust --encoding UTF8 --pwfile "${POSTGRES_PASSWORD_FILE:-/dev/fd/3}" 3<<EOF
unused
EOF
  echo "host all all all ${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >> "$PGDATA/pg_hba.conf"
  pg_ctl --wait --options "-c listen_addresses=''" start
  [ "${POSTGRES_DB:-postgres}" = postgres ] || createdb --username "$user" "$POSTGRES_DB"
  for script in /docker-entrypoint-initdb.d/*.sh; do
    [ ! -e "$script" ] || . "$script"
  done
  pg_ctl --wait --mode fast stop
fi
exec "$@" -c "listen_addresses=*"
