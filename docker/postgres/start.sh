#!/usr/bin/env bash
# Starts PostgreSQL with the passwords that `secrets` keeps for it. They count on an empty data folder; init.sh, run by
# hand, gives changed ones to a database that exists.
set -euo pipefail

# As root, since the files have another owner than the server.
POSTGRES_PASSWORD=$(</secrets/postgres)
export POSTGRES_PASSWORD
for service in order payment inventory warehouse; do
  password=$(<"/secrets/$service")
  export "${service^^}_DATABASE_PASSWORD=$password"
done

# The image's own entry makes the cluster and steps down to the user postgres.
entry=$(command -v docker-entrypoint.sh || command -v entrypoint)
exec "$entry" "$@"
