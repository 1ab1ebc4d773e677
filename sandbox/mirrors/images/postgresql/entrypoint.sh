#!/bin/sh
# PostgreSQL, told by the variables of Bitnami's image and chart: it makes its data the first time, and then serves it.
set -eu
umask 077
data=${PGDATA:-${POSTGRESQL_DATA_DIR:-/bitnami/postgresql/data}}
settings=/bitnami/postgresql/conf/conf.d

# A variable's value, or the content of the file that NAME_FILE names.
value() {
  file="" text=""
  eval "file=\${$1_FILE:-} text=\${$1:-}"
  if [ -n "$file" ]; then cat "$file"; else printf %s "$text"; fi
}

user=${POSTGRES_USER:-postgres}
own=$(value POSTGRES_PASSWORD)
admin=$(value POSTGRES_POSTGRES_PASSWORD)
[ "$user" != postgres ] || admin=$own
[ -n "$admin" ] || admin=$own

serve() {
  set -- -D "$data" -c "port=${POSTGRESQL_PORT_NUMBER:-5432}" -c unix_socket_directories=/tmp -c "hba_file=$data/pg_hba.conf" "$@"
  exec postgres "$@"
}

make() {
  rm -rf "$data.new"
  printf %s "$admin" > /tmp/admin
  initdb --pgdata="$data.new" --username=postgres --pwfile=/tmp/admin --encoding=UTF8 --locale=C.UTF-8 --auth=scram-sha-256 > /dev/null
  rm /tmp/admin
  echo 'host all all all scram-sha-256' >> "$data.new/pg_hba.conf"
  echo 'host replication all all scram-sha-256' >> "$data.new/pg_hba.conf"
  pg_ctl --pgdata="$data.new" --silent --wait --log=/tmp/first.log -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start
  OWN=$own DATABASE=${POSTGRES_DATABASE:-} ROLE=$user PGPASSWORD=$admin psql --quiet --set=ON_ERROR_STOP=1 --host=/tmp --username=postgres postgres <<'END'
\getenv own OWN
\getenv role ROLE
\getenv database DATABASE
select :'role' <> 'postgres' as other, :'database' not in ('', 'postgres') as named \gset
\if :other
create role :"role" with login createdb password :'own';
\endif
\if :named
create database :"database" owner :"role";
\endif
END
  pg_ctl --pgdata="$data.new" --silent --wait --mode=fast stop
  mv "$data.new" "$data"
}

[ -s "$data/PG_VERSION" ] || make
chmod 0700 "$data" # which a group of its volume may have changed
rm -f "$data/postmaster.pid" # of a container that was killed
if [ -d "$settings" ]; then
  # what the chart adds comes last, as with Bitnami's include_dir
  grep -q "^include_dir = '$settings'" "$data/postgresql.conf" || echo "include_dir = '$settings'" >> "$data/postgresql.conf"
fi
serve -c "listen_addresses=*" -c logging_collector=off -c log_destination=stderr
