# What the replicas and their exporters need of the primary. No commit waits for a replica here: it may be this that it waits for.
primary() { PGUSER=postgres PGPASSWORD=$SUPERUSER_PASSWORD PGDATABASE=postgres PGOPTIONS='-c synchronous_commit=local' psql --no-psqlrc --no-password --quiet --tuples-only --set ON_ERROR_STOP=1; }

# the exporters log in as the exchange's user, who sees the replicas by this role only
primary <<'SQL' || :
\getenv user APP_USER
SELECT format('GRANT pg_monitor TO %I', :'user') WHERE NOT pg_has_role(:'user', 'pg_monitor', 'member') \gexec
SQL
if ! PGUSER=repl_user PGPASSWORD=$REPLICATION_PASSWORD PGDATABASE=postgres psql --no-psqlrc --no-password --command 'SELECT 1' >/dev/null 2>&1; then
  primary <<'SQL' || :
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
\getenv replication REPLICATION_PASSWORD
ALTER ROLE repl_user PASSWORD :'replication';
SQL
fi
