#!/usr/bin/env bash
# A schema for each service, owned by a role that may touch nothing else, with the settings that its sessions rely on.
# Runs by itself on an empty data folder, and as often as you like: it makes what is missing, sets the passwords that
# /secrets has, and changes no data.
set -euo pipefail

# Where it is run by hand, start.sh exported nothing to it.
: "${POSTGRES_USER:=postgres}"
for user in postgres order payment inventory warehouse; do
  name="${user^^}_DATABASE_PASSWORD"
  if [ "$user" = postgres ]; then name=POSTGRES_PASSWORD; fi
  if [ -z "${!name:-}" ]; then
    password=$(<"/secrets/$user")
    export "$name=$password"
  fi
done

psql=(psql -v ON_ERROR_STOP=1 -v database="$POSTGRES_DB" --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB")

# What packages/hosting/src/SessionSettings.ts lists; a service that finds another value does not start.
settings="statement_timeout=10000 lock_timeout=5000 idle_in_transaction_session_timeout=15000 idle_session_timeout=0
  transaction_timeout=0 DateStyle=ISO,YMD TimeZone=UTC IntervalStyle=postgres bytea_output=hex extra_float_digits=1
  standard_conforming_strings=on array_nulls=on transform_null_equals=off row_security=on
  default_transaction_isolation=read-committed default_transaction_deferrable=off synchronous_commit=on
  enable_seqscan=off enable_hashjoin=off enable_mergejoin=off enable_indexscan=on enable_nestloop=on
  plan_cache_mode=force_generic_plan jit=off"

for service in order payment inventory warehouse; do
  role="quartet_$service"
  "${psql[@]}" -v service="$service" -v role="$role" <<SQL
\getenv password ${service^^}_DATABASE_PASSWORD
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') AS is_new \gset
\if :is_new
  CREATE ROLE :"role" LOGIN;
\endif
ALTER ROLE :"role" PASSWORD :'password';
CREATE SCHEMA IF NOT EXISTS :"service" AUTHORIZATION :"role";
GRANT CONNECT ON DATABASE :"database" TO :"role";
ALTER ROLE :"role" IN DATABASE :"database" SET search_path = :"service";
$(for setting in $settings; do
    value="${setting#*=}"
    echo "ALTER ROLE :\"role\" IN DATABASE :\"database\" SET ${setting%%=*} = '${value/read-committed/read committed}';"
  done)
SQL
done

# The server is the quartet's own: nobody else has rights in it.
"${psql[@]}" -v owner="$POSTGRES_USER" <<'SQL'
\getenv password POSTGRES_PASSWORD
ALTER ROLE :"owner" PASSWORD :'password';
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON DATABASE :"database", postgres, template1 FROM PUBLIC;
SQL
