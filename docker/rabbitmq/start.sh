#!/usr/bin/env bash
# Starts RabbitMQ with the users of definitions.json. Their passwords are read at every start from the files that `secrets`
# keeps for it, so a changed one is taken over. As root, since the files have another owner than the server.
set -euo pipefail

bytes() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }

# What RabbitMQ keeps of a password: base64(salt + sha256(salt + password)).
hashed() {
  local salt digest
  salt=$(head -c 4 /dev/urandom | od -An -tx1 | tr -d ' \n')
  digest=$({ bytes "$salt"; printf '%s' "$1"; } | sha256sum | cut -d ' ' -f 1)
  bytes "$salt$digest" | base64 -w 0
}

definitions=/etc/rabbitmq/definitions.json
install -o rabbitmq -g rabbitmq -m 600 /dev/null "$definitions"
script=()
for user in admin order payment inventory warehouse; do
  password=$(<"/secrets/$user")
  hash=$(hashed "$password")
  script+=(-e "s|@$user@|$hash|")
done
sed "${script[@]}" /quartet/definitions.json >"$definitions"

mkdir -p /etc/rabbitmq/conf.d
echo "load_definitions = $definitions" >/etc/rabbitmq/conf.d/50-quartet.conf

# The image's own entry steps down to the user rabbitmq; where there is none, rabbitmq-server does.
if command -v docker-entrypoint.sh >/dev/null; then exec docker-entrypoint.sh rabbitmq-server; fi
chown -R rabbitmq:rabbitmq /var/lib/rabbitmq
exec rabbitmq-server
