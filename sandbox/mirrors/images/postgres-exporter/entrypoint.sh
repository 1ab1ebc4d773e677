#!/bin/sh
# The exporter as Bitnami's image starts it: a password may lie in a file.
set -eu
if [ -n "${DATA_SOURCE_PASS_FILE:-}" ]; then
  DATA_SOURCE_PASS=$(cat "$DATA_SOURCE_PASS_FILE")
  export DATA_SOURCE_PASS
fi
export DATA_SOURCE_URI="${DATA_SOURCE_URI:-127.0.0.1:5432/postgres?sslmode=disable}"
exec prometheus-postgres-exporter "$@"
