#!/usr/bin/env bash
# Starts RabbitMQ with the users of definitions.json. Their passwords come from the environment at every start, so that
# no file holds them and a changed one is taken over.
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
sed -e "s|@admin@|$(hashed "$ADMIN_AMQP_PASSWORD")|" \
  -e "s|@order@|$(hashed "$ORDER_AMQP_PASSWORD")|" \
  -e "s|@payment@|$(hashed "$PAYMENT_AMQP_PASSWORD")|" \
  -e "s|@inventory@|$(hashed "$INVENTORY_AMQP_PASSWORD")|" \
  -e "s|@warehouse@|$(hashed "$WAREHOUSE_AMQP_PASSWORD")|" \
  /quartet/definitions.json >"$definitions"
unset ADMIN_AMQP_PASSWORD ORDER_AMQP_PASSWORD PAYMENT_AMQP_PASSWORD INVENTORY_AMQP_PASSWORD WAREHOUSE_AMQP_PASSWORD

mkdir -p /etc/rabbitmq/conf.d
echo "load_definitions = $definitions" >/etc/rabbitmq/conf.d/50-quartet.conf

# The image's own entry steps down to the user rabbitmq; where there is none, rabbitmq-server does.
if command -v docker-entrypoint.sh >/dev/null; then exec docker-entrypoint.sh rabbitmq-server; fi
chown -R rabbitmq:rabbitmq /var/lib/rabbitmq
exec rabbitmq-server
