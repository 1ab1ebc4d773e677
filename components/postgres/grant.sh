# The exporter beside each server logs in as the exchange's user, who sees the replicas by this role only.
PGUSER=postgres PGPASSWORD=$SUPERUSER_PASSWORD PGDATABASE=postgres psql --no-psqlrc --no-password --quiet --tuples-only --set ON_ERROR_STOP=1 <<'SQL' || :
\getenv user APP_USER
SELECT format('GRANT pg_monitor TO %I', :'user') WHERE NOT pg_has_role(:'user', 'pg_monitor', 'member') \gexec
SQL
