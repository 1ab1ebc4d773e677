# One file with the whole database. To read it once from end to end is what shows that it can be read.
pg_dump --no-password --format=custom --lock-wait-timeout=600000 --file="$DUMP"
pg_restore --file=/dev/null "$DUMP"
