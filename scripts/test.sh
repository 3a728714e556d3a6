#!/usr/bin/env bash
# scripts/test.sh [FLAGS...]: `swift test` with these flags. When it fails, the end of what is printed says again which tests failed and
# where, and which never ended (the process died in one of them), for their lines stand among thousands.
set -uo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift test "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if ((status != 0)); then
  printf '\n== failed (%d):\n' "$status"
  grep -aE '^✘|^↳|error: |Fatal error' "$log" | tail -n 100
  awk '/^◇ Test .* started\.$/ { sub(/^◇ /, ""); sub(/ started\.$/, ""); open[$0] = 1 }
    /^(✔|✘|➜) Test / { line = $0; sub(/^[^ ]+ /, "", line); sub(/ with [0-9]+ test cases?/, "", line)
      sub(/ (passed|failed|skipped|recorded).*$/, "", line); delete open[line] }
    END { for (name in open) if (name !~ /^Test run/) print "never ended: " name }' "$log"
fi
exit "$status"
