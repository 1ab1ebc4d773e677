# The server takes its passwords at its first start only; this brings it to those that the Secret has now.
as() { # user, password, database
  PGUSER=$1 PGPASSWORD=$2 PGDATABASE=$3 psql --no-psqlrc --no-password --quiet --tuples-only --set ON_ERROR_STOP=1
}
works() { echo 'SELECT 1' | as "$@" >/dev/null 2>&1; }
superuser() { works postgres "$SUPERUSER_PASSWORD" postgres; }
reconciler() { works reconciler "$RECONCILER_PASSWORD" postgres; }

if superuser && reconciler && works "$APP_USER" "$APP_PASSWORD" "$APP_DATABASE"; then exit 0; fi
if superuser; then
  user=postgres password=$SUPERUSER_PASSWORD
elif reconciler; then
  user=reconciler password=$RECONCILER_PASSWORD
else
  echo "neither postgres nor reconciler gets in with its password of the Secret: the server is not up, or both passwords were changed at once" >&2
  exit 1
fi
# by standard input and variables, so that no password is among the arguments of a program or in the server's log
as "$user" "$password" postgres <<'SQL'
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
\getenv superuser SUPERUSER_PASSWORD
\getenv reconciler RECONCILER_PASSWORD
\getenv user APP_USER
\getenv password APP_PASSWORD
SELECT 'CREATE ROLE reconciler' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reconciler') \gexec
ALTER ROLE reconciler LOGIN SUPERUSER PASSWORD :'reconciler';
ALTER ROLE postgres PASSWORD :'superuser';
ALTER ROLE :"user" PASSWORD :'password';
SQL
works "$APP_USER" "$APP_PASSWORD" "$APP_DATABASE"
echo "the passwords are those of the Secret"
