# The operator gives the server the password of the Secret; this passes when the server takes it, and takes writes.
printf '%s\n' "$AUTHORITY" >"$PGSSLROOTCERT"
found=$(psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --command 'SELECT pg_is_in_recovery()')
if [ "$found" != f ]; then
  echo "$PGHOST leads to a server that takes no writes" >&2
  exit 1
fi
