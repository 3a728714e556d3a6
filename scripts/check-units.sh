#!/usr/bin/env bash
# Fails where a systemd unit has an error, or leaves its program more exposed than the limit beside its name.
# The programs need not be built: the units are verified with another program in their place.
set -euo pipefail
cd "$(dirname "$0")/../systemd"
shopt -s nullglob

# In tenths, as `systemd-analyze security --threshold` takes them.
declare -A limits=([rollcalld.service]=12 [rollcall-agent.service]=30 [rollcall-measure.service]=13)

room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
for unit in *.service; do
  sed -E 's#^(Exec[A-Za-z]+=[-+!@:]*)/usr/bin/rollcall[a-z-]*#\1/bin/true#' "$unit" >"$room/$unit"
done
for unit in *.timer *.path *.socket; do
  cp "$unit" "$room/"
done

failed=0
for unit in "$room"/*; do
  complaints=$(systemd-analyze verify --man=no "$unit" 2>&1 | grep -F "$room" || true)
  [[ -z "$complaints" ]] || { echo "$complaints" >&2; failed=1; }
done
for unit in *.service; do
  if [[ -z "${limits[$unit]:-}" ]]; then
    echo "$unit has no limit of exposure in $0" >&2
    failed=1
    continue
  fi
  if ! systemd-analyze security --offline=true --no-pager --threshold="${limits[$unit]}" "$unit" >"$room/report"; then
    cat "$room/report" >&2
    failed=1
  fi
  echo "$unit: $(tail -n 1 "$room/report" | grep -oE '[0-9]+\.[0-9]+') of at most $((limits[$unit] / 10)).$((limits[$unit] % 10))"
done

mkdir -p "$room/root/usr/lib/sysusers.d" "$room/root/etc"
cp sysusers.d/*.conf "$room/root/usr/lib/sysusers.d/"
if ! systemd-sysusers --root="$room/root" 2>"$room/complaints"; then
  cat "$room/complaints" >&2
  failed=1
fi
for account in $(sed -nE 's/^[a-zA-Z!+]+ .* (rollcall[a-z-]*) -$/\1/p' tmpfiles.d/*.conf | sort -u); do
  grep -q "^$account:" "$room/root/etc/group" || { echo "tmpfiles.d names the unknown group $account" >&2; failed=1; }
done
exit "$failed"
