#!/usr/bin/env bash
# Installs the Debian packages of the named lists that are missing, and asks apt for nothing where all are there.
# Usage: scripts/install-packages.sh run test …
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
for list in "$@"; do
  while read -r name _ || [[ -n "$name" ]]; do
    [[ -z "$name" || "$name" == \#* ]] && continue
    status=$(dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null || true)
    grep -qx installed <<<"$status" || missing+=("$name")
  done <"packages/$list.txt"
done
((${#missing[@]})) || exit 0

if ! command -v apt-get >/dev/null; then
  echo "missing packages (Debian's names), and there is no apt-get here: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "missing packages; install them as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get -q update
"${as_root[@]}" apt-get -q install --yes --no-install-recommends "${missing[@]}"
