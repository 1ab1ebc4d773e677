# Brings Elasticsearch to what the program promises of it. What is there already, with this program's mark, is left alone.
umask 077
printf '%s\n' "$AUTHORITY" >"$HOME/authority"
printf 'user = "%s:%s"\n' "$LOGIN" "$PASSWORD" >"$HOME/login"
ask() { curl --silent --show-error --fail --max-time 30 --cacert "$HOME/authority" --config "$HOME/login" --header 'Content-Type: application/json' "$@"; }

# The place of the snapshots comes before their schedule. To register it anew has every node try it, so it is looked at first.
if [ -n "$REPOSITORY" ]; then
  there=$(ask "$URL/_snapshot/$REPOSITORY_NAME" || :)
  for part in $REPOSITORY_PARTS; do
    case $there in *"$part"*) ;; *) ask --request PUT --data "$REPOSITORY" "$URL/_snapshot/$REPOSITORY_NAME" >/dev/null; echo 'snapshots have a place'; break ;; esac
  done
elif ask "$URL/_slm/policy/$SNAPSHOT_POLICY" >/dev/null 2>&1; then
  ask --request DELETE "$URL/_slm/policy/$SNAPSHOT_POLICY" >/dev/null
  echo 'no more snapshots'
fi

printf '%s\n' "$DOCUMENTS" | while read -r path document; do
  case $(ask "$URL/$path" 2>/dev/null || :) in *"$REVISION"*) continue ;; esac
  ask --request PUT --data "$document" "$URL/$path" >/dev/null
  echo "set $path"
done

# The lifecycle knows the age of logs, and not what they take together. From the newest on: what no longer fits goes. The newest part
# of each stream stays, as it is written to.
ask "$URL/_cat/indices/.ds-$PATTERN-*?h=creation.date,pri.store.size,index&bytes=b&s=creation.date:desc,index:desc&expand_wildcards=all" >"$HOME/newest"
total=0
streams=' '
while read -r _ size index; do
  [ -n "$index" ] || continue # it has no size yet
  total=$((total + size))
  stream=${index%-*-*}
  case $streams in *" $stream "*) ;; *)
    streams="$streams$stream "
    continue
    ;;
  esac
  if [ "$total" -gt "$MAX_BYTES" ]; then
    ask --request DELETE "$URL/$index" >/dev/null
    echo "deleted $index: $size bytes"
  fi
done <"$HOME/newest"

# Readers of Kibana may not name the logs themselves.
if ! ask "$KIBANA/api/data_views/data_view/$VIEW" >/dev/null 2>&1; then
  ask --header 'kbn-xsrf: true' --data "$VIEW_DOCUMENT" "$KIBANA/api/data_views/data_view" >/dev/null
  echo 'Kibana shows the logs'
fi
