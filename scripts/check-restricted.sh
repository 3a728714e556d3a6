#!/usr/bin/env bash
# Runs the real programs under their units' restrictions where systemd is not PID 1: mounts, devices, capabilities,
# system calls, address families, limits. What only systemd can apply is printed, and left to `make e2e-qemu`.
# Needs root, for mounts. Usage: scripts/check-restricted.sh [FOLDER OF THE PROGRAMS]   (default: bin)
set -euo pipefail
cd "$(dirname "$0")/.."
programs=$(cd "${1:-bin}" && pwd)
if ((EUID != 0)); then exec sudo "$0" "$programs"; fi

room=$(mktemp -d /tmp/rollcall-restricted.XXXXXX)
controller=
made=
finish() {
  [[ -z "$controller" ]] || kill -TERM "$controller" 2>/dev/null || true
  rm -rf "$room"
  [[ -z "$made" ]] || rmdir "$made"
}
trap finish EXIT
chmod 755 "$room"
mkdir "$room/bin" "$room/controller" "$room/agent"
# What tmpfiles.d and the unit make on a device; the room's own folder is mounted there.
mkdir -m 750 "$room/measured"
[[ -d /run/rollcall-measure ]] || { mkdir /run/rollcall-measure && made=/run/rollcall-measure; }
cp "$programs"/rollcalld "$programs"/rollcall-agent "$room/bin/"
chown 61000:61000 "$room" "$room/controller" "$room/agent"
chown 0:61000 "$room/measured"

under() { python3 scripts/restricted/run.py "systemd/$1.service" "$room" -- "${@:2}"; }
as_controller() { under rollcalld "$@"; }
as_agent() { under rollcall-agent "$@"; }
as_measure() { under rollcall-measure "$@"; }
rollcall() { XDG_CONFIG_HOME="$room/operator" "$programs/rollcall" "$@"; }

refused() {
  local what=$1
  shift
  if "$@" >/dev/null 2>&1; then
    echo "not refused: $what" >&2
    exit 1
  fi
  echo "refused: $what"
}

powers() { sed -nE 's/^(CapEff|CapBnd|NoNewPrivs|Seccomp):\s+/\1=/p' | paste -sd ' '; }
expect_powers() {
  local found
  found=$("as_$1" /bin/cat /proc/self/status | powers)
  [[ "$found" == "$2" ]] || { echo "$1 has $found, and should have $2" >&2; exit 1; }
  echo "$1: $found"
}
none=0000000000000000
expect_powers controller "CapEff=$none CapBnd=$none NoNewPrivs=1 Seccomp=2"
expect_powers agent "CapEff=$none CapBnd=$none NoNewPrivs=1 Seccomp=2"
# CAP_SYS_RAWIO (17) and CAP_SYS_ADMIN (21).
expect_powers measure "CapEff=0000000000220000 CapBnd=0000000000220000 NoNewPrivs=1 Seccomp=2"
for unit in controller agent measure; do
  echo "== $unit: what it cannot do"
  refused "writing outside its folder" "as_$unit" /bin/sh -c 'echo x >/var/lib/x'
  refused "reading home folders" "as_$unit" /bin/ls /root
  refused "reading password hashes" "as_$unit" /bin/grep -q . /etc/shadow
  refused "a namespace of its own" "as_$unit" /usr/bin/unshare --user /bin/true
  # systemd's rule of devices, which is not applied here, leaves the measuring unit its disks and nothing else.
  [[ $unit == measure ]] || refused "a disk's device" "as_$unit" /bin/sh -c 'ls /dev | grep -E "^(sd|vd|nvme|loop|mem)"'
done
refused "what root measures, for the agent to write" as_agent /bin/sh -c 'echo x >/run/rollcall-measure/x'
refused "any connection of the measuring unit" as_measure /bin/bash -c 'exec 3<>/dev/tcp/127.0.0.1/22'

echo "== controller"
as_controller /srv/bin/rollcalld init --state /srv/controller
# The process itself, not a function in a shell around it, so that it can be stopped by its id.
python3 scripts/restricted/run.py systemd/rollcalld.service "$room" -- \
  /srv/bin/rollcalld serve --state /srv/controller --people 127.0.0.1:0 --devices 127.0.0.1:0 >"$room/log" 2>&1 &
controller=$!
port() { sed -nE "s/.*\"?$1\"?[=:] ?\"?([0-9]+).*/\1/p" "$room/log" | head -n 1; }
for ((tries = 0; tries < 150; tries++)); do
  [[ -z "$(port people)" || -z "$(port devices)" ]] || break
  kill -0 "$controller" 2>/dev/null || { cat "$room/log" >&2; exit 1; }
  sleep 0.2
done
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$controller/status"
rollcall login --server "https://localhost:$(port people)" --ca "$room/controller/ca/root.pem" \
  --token-file "$room/controller/admin.token"
rollcall district create cedar-falls --name "Cedar Falls (example)"
rollcall batch create --district cedar-falls --id restricted
rollcall token create --district cedar-falls --batch restricted --allow-unidentified --uses 1 --output-file "$room/token"
chown 61000 "$room/token"

echo "== measure"
as_measure /srv/bin/rollcall-agent measure
stat -c '%U:%g %a %n' "$room/measured" "$room/measured/measured.json"

echo "== agent"
as_agent /srv/bin/rollcall-agent enroll --controller "https://localhost:$(port devices)" --token-file /srv/token --state-dir /srv/agent
as_agent /srv/bin/rollcall-agent once --state-dir /srv/agent
as_agent /srv/bin/rollcall-agent collect --compact >"$room/facts"
if grep -o 'not measured: [^"]*' "$room/facts"; then
  echo "the agent does not take what was measured" >&2
  exit 1
fi
rollcall device list

echo "== stopping"
kill -TERM "$controller"
wait "$controller"
controller=
for unit in rollcalld rollcall-agent rollcall-measure; do
  echo "$unit.service: $(wc -l <"$room/$unit.service.applied") restrictions applied; left to systemd itself:" \
    "$(paste -sd ' ' "$room/$unit.service.left-out")"
done
