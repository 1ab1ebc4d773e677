# Each day has an index of its own. From the newest on: what is too old goes, and what no longer fits, be it today's.
newest=$HOME/newest
ask() { curl --silent --show-error --fail --max-time 60 "$@"; }

ask "$URL/_cat/indices/$INDICES?h=creation.date,store.size,index&bytes=b&s=creation.date:desc" >"$newest"
oldest=$((($(date +%s) - RETENTION_DAYS * 86400) * 1000))
total=0
while read -r made size index; do
  [ -n "$index" ] || continue # it has no size yet
  total=$((total + size))
  if [ "$made" -lt "$oldest" ] || [ "$total" -gt "$MAX_BYTES" ]; then
    ask --request DELETE "$URL/$index" >/dev/null
    echo "deleted $index: $size bytes"
  fi
done <"$newest"
