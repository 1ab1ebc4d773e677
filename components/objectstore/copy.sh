# What is in FROM and not in TO is copied; nothing is deleted. With REPLACE, what changed in FROM is copied again: TO then has to keep the
# versions before, or whoever overwrites the store's files would overwrite the copy with them.
export LC_ALL=C
fail() { echo "$1" >&2; exit 1; }
# a line for each file as mc has it in JSON: its size, if that matters, and its name
listed() {
  mc --json ls --recursive "$1/" >"$HOME/listing" || fail "cannot list $1: $(tail -n 1 "$HOME/listing")"
  while IFS= read -r line; do
    line=${line#*\"size\":}
    line=${line%%\",\"etag\":*}
    [ -n "${REPLACE:-}" ] || line=${line#*,}
    printf '%s\n' "$line"
  done <"$HOME/listing" | sort >"$HOME/$2"
}

if [ -n "${REPLACE:-}" ]; then
  case $(mc --json version info "$TO") in
    *\"versioning\":*\"status\":\"Enabled\"*) replace=--overwrite ;;
    *) unversioned="the bucket of $TO keeps no older versions: enable versioning. Until then nothing that changed is copied again" ;;
  esac
fi
listed "$FROM" before
# --md5: a storage that was given a wrong file says so, and one with locked objects asks for it
mc --quiet mirror ${replace:-} --retry --skip-errors --summary --md5 --max-workers 4 "$FROM/" "$TO/" >/dev/null || failed="mc could not copy everything"
# It also says that all is well where it may not list, read or write (RELEASE.2025-08-13): what was there before and still is has to be in TO.
listed "$FROM" after
listed "$TO" copied
comm -12 "$HOME/before" "$HOME/after" | comm -23 - "$HOME/copied" >"$HOME/missing"
count() { echo $(($(wc -l <"$HOME/$1"))); }
echo "$(count before) files in $FROM, $(count copied) in $TO, $(count missing) missing there or of another size"
if [ -s "$HOME/missing" ]; then
  head -n 5 "$HOME/missing" >&2
  fail "not everything is in $TO: above are the first of what is missing. ${unversioned:-}"
fi
for problem in "${failed:-}" "${unversioned:-}"; do [ -z "$problem" ] || fail "$problem"; done
