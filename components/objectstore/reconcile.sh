# Everything may be there, or nothing: MinIO begins empty when its pod is made anew. The application's own key tells at once
# whether its user, its policy and the buckets are; what it cannot see is set again every five minutes.
whole() {
  for bucket in $BUCKETS; do mc --quiet ls "app/$bucket/.none/" >/dev/null || return 1; done
}
now=$(date +%s)
if [ $((now - $(cat "$HOME/set" 2>/dev/null || echo 0))) -lt 300 ] && whole 2>/dev/null; then exit 0; fi

printf '%s' "$PUBLIC_POLICY" >"$HOME/public.json"
for bucket in $BUCKETS; do
  mc --quiet mb --ignore-existing "root/$bucket" >/dev/null
  if [ "$bucket" = "$PUBLIC_BUCKET" ]; then
    mc --quiet anonymous set-json "$HOME/public.json" "root/$bucket" >/dev/null
  else
    mc --quiet anonymous set none "root/$bucket" >/dev/null
  fi
done
if [ -n "${VERSIONED_BUCKET:-}" ]; then
  # a deleted file is an older version, which the application's key does not reach
  mc --quiet version enable "root/$VERSIONED_BUCKET" >/dev/null
  printf '%s' "$OLD_VERSIONS" | mc --quiet ilm rule import "root/$VERSIONED_BUCKET" >/dev/null
  mc --quiet quota set "root/$VERSIONED_BUCKET" --size "$QUOTA" >/dev/null
fi
printf '%s' "$POLICY" >"$HOME/policy.json"
mc --quiet admin policy create root "$ACCESS_KEY" "$HOME/policy.json" >/dev/null
# the key by standard input, for nobody to see it; of a user that is there it is changed
printf '%s\n%s\n' "$ACCESS_KEY" "$SECRET_KEY" | mc --quiet admin user add root >/dev/null
# refused where it is attached already
mc --quiet admin policy attach root "$ACCESS_KEY" --user "$ACCESS_KEY" >/dev/null 2>&1 || :
whole
echo "$now" >"$HOME/set"
