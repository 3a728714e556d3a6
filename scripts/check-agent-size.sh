#!/usr/bin/env bash
# Fails where the stripped agent is larger than its limit: it is downloaded onto every laptop of a state.
# Usage: scripts/check-agent-size.sh bin/rollcall-agent
set -euo pipefail
limit=$((16 * 1000 * 1000))

size=$(stat -c %s "$1")
echo "$1: $size bytes, limit $limit"
if readelf -S --wide "$1" | grep -q '\.debug_info'; then
  echo "$1 is not stripped" >&2
  exit 1
fi
if readelf -d --wide "$1" | grep -qE 'NEEDED.*libswift|NEEDED.*libFoundation'; then
  echo "$1 needs Swift's libraries at run time; they should be inside it" >&2
  exit 1
fi
((size <= limit)) || { echo "$1 is too large" >&2; exit 1; }
