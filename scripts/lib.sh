# shellcheck shell=bash
# What the scripts share. Source it; it changes to the checkout's root and makes every build use one cache.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Pulumi builds programs with -trimpath, and Go keeps such builds apart from others: with it everywhere, nothing is compiled
# twice.
export GOFLAGS="${GOFLAGS:--trimpath -buildvcs=false}"

# fail MESSAGE: one line, exit 1.
fail() {
  echo "error: $*" >&2
  exit 1
}

# step TEXT COMMAND…: says what runs, and how long it took; its output comes only if it fails. A line every 15 seconds tells
# that it still runs.
step() {
  local text=$1 log pid seconds=0
  shift
  log=$(mktemp)
  "$@" >"$log" 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    seconds=$((seconds + 1))
    if ((seconds % 15 == 0)); then echo "  … $text: ${seconds}s"; fi
  done
  if ! wait "$pid"; then
    cat "$log" >&2
    rm -f "$log"
    fail "$text failed after ${seconds}s"
  fi
  rm -f "$log"
  echo "  $text: ${seconds}s"
}
