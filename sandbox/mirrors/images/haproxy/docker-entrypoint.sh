#!/bin/sh
# HAProxy as its image starts it: options alone are its own, and it stays in the foreground with a master of its workers.
set -e
[ "${1#-}" = "${1:-}" ] || set -- haproxy "$@"
if [ "$1" = haproxy ]; then
  shift
  set -- haproxy -W -db "$@"
fi
exec "$@"
