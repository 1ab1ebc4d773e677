# Makes a second database of the dump, beside the one that the exchange uses.
ask() { psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname postgres "$@"; }

if [ -n "$(printf '%s\n' "SELECT 1 FROM pg_database WHERE datname = :'name'" | ask --set name="$RESTORED")" ]; then
  echo "the database $RESTORED is there already: look at it, and drop it before another one is restored" >&2
  exit 1
fi
createdb --no-password --owner "$APP_USER" --template template0 "$RESTORED"
if ! pg_restore --no-password --exit-on-error --dbname "$RESTORED" "$DUMP"; then
  dropdb --no-password "$RESTORED"
  exit 1
fi
echo "restored into $RESTORED: $(ask --dbname "$RESTORED" --command 'SELECT count(*) FROM pg_stat_user_tables') tables"
