#!/usr/bin/env bash
# The image's health check: succeeds when the process in this container says that it is ready. It is asked every few
# seconds, so it starts no Node.js.
set -euo pipefail

exec 3<>"/dev/tcp/127.0.0.1/${OPS_PORT:-9000}"
printf 'GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ]
