# Puts the dump into the storage, and asks for it again: older ones go only once this one is there.
mkdir -p "$MC_CONFIG_DIR"
cp "$KEYS" "$MC_CONFIG_DIR/config.json"
name=$FOLDER/$(date -u +%Y%m%dT%H%M%SZ).dump
mc --quiet cp ${ENCRYPT:+--enc-s3 "$ENCRYPT"} "$DUMP" "$name" >/dev/null
if [ "$(mc --quiet cat "$name" | sha256sum)" != "$(sha256sum <"$DUMP")" ]; then
  echo "$name is not what was put there" >&2
  mc --quiet rm "$name" >/dev/null
  exit 1
fi
echo "stored $name, $(wc -c <"$DUMP") bytes"
mc --quiet rm --recursive --force --older-than "$RETENTION" "$FOLDER/" || echo "older dumps could not be deleted" >&2
