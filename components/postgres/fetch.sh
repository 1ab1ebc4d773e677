# Gets the dump that was named, or the newest: their names sort by time.
mkdir -p "$MC_CONFIG_DIR"
cp "$KEYS" "$MC_CONFIG_DIR/config.json"
name=$FOLDER/$WHICH.dump
if [ -z "$WHICH" ]; then
  mc --quiet find "$FOLDER/" --name '*.dump' >"$HOME/dumps"
  name=$(sort "$HOME/dumps" | tail -n 1)
  if [ -z "$name" ]; then
    echo "there is no dump in $FOLDER" >&2
    exit 1
  fi
fi
mc --quiet cp "$name" "$DUMP" >/dev/null
echo "fetched $name, $(wc -c <"$DUMP") bytes"
