#!/usr/bin/env bash
# Runs once, on an empty data folder: a schema for each service, owned by a role that may touch nothing else.
set -euo pipefail

for service in order payment inventory warehouse; do
  psql -v ON_ERROR_STOP=1 -v service="$service" -v role="quartet_$service" -v database="$POSTGRES_DB" \
    --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<SQL
\getenv password ${service^^}_DATABASE_PASSWORD
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE SCHEMA :"service" AUTHORIZATION :"role";
GRANT CONNECT ON DATABASE :"database" TO :"role";
ALTER ROLE :"role" SET search_path = :"service";
SQL
done

psql -v ON_ERROR_STOP=1 -v database="$POSTGRES_DB" --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON DATABASE :"database", postgres, template1 FROM PUBLIC;
SQL
