#!/usr/bin/env bash
# `make run`: a controller on loopback with two example districts, this machine enrolled by the real agent, and the address of
# the pages. Everything is kept in var/; a second run goes on with it. Ctrl-C ends everything. EXAMPLE=no leaves the made-up
# people and laptops out.
set -euo pipefail
cd "$(dirname "$0")/.."

state=var/controller
district=cedar-falls
batch=first-laptops
people=https://127.0.0.1:8443
# As a person's browser calls it.
pages=https://localhost:8443
devices=https://127.0.0.1:8444
# The operator command keeps its login here instead of in the home folder.
export XDG_CONFIG_HOME="$PWD/var/operator"
controller_pid=

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { printf '\n\033[1m$ %s\033[0m\n' "$*"; "$@"; }
rollcall() { bin/rollcall "$@"; }
healthy() { curl --silent --fail --max-time 2 --cacert "$state/ca/root.pem" "$people/readyz" >/dev/null 2>&1; }

finish() {
  local code=$?
  trap - EXIT INT TERM
  if [[ -n "$controller_pid" ]] && kill -TERM "$controller_pid" 2>/dev/null; then
    wait "$controller_pid" || true
    echo "The controller has stopped; its data stays in var/."
  fi
  exit "$code"
}
trap finish EXIT
trap 'exit 0' INT TERM

prepare_state() {
  umask 077
  mkdir -p var/operator var/agent
  chmod 700 var
  say "The controller in $state"
  bin/rollcalld init --if-missing --state "$state"
}

start_controller() {
  if healthy; then
    echo "A controller answers on $people already: stop it first." >&2
    exit 1
  fi
  # In its own session, so that Ctrl-C reaches this script alone and the controller is stopped in order.
  setsid bin/rollcalld serve --state "$state" >>var/controller.log 2>&1 </dev/null &
  controller_pid=$!
  for ((tries = 0; tries < 150; tries++)); do
    healthy && return
    if ! kill -0 "$controller_pid" 2>/dev/null; then
      tail -n 20 var/controller.log >&2
      echo "The controller ended at its start; the lines above are the last of var/controller.log." >&2
      exit 1
    fi
    sleep 0.2
  done
  echo "The controller is not ready after 30 s; see var/controller.log." >&2
  exit 1
}

log_in() {
  rollcall login --server "$people" --ca "$state/ca/root.pem" --token-file "$state/admin.token"
}

# People and laptops that plainly are not: docs in scripts/example/load.sh.
load_example() {
  [[ "${EXAMPLE:-yes}" == no || -e var/example/loaded ]] && return
  say "Example data: 2 districts, 4 schools, 300 students, 30 laptops that are only files"
  if scripts/example/load.sh var/example "$devices"; then
    touch var/example/loaded
  else
    echo "The example data is not whole; its log is var/example/log. To begin anew, remove var/." >&2
  fi
}

create_example() {
  rollcall district show "$district" >/dev/null 2>&1 \
    || rollcall district create "$district" --name "Cedar Falls (example)"
  rollcall batch show "$batch" --district "$district" >/dev/null 2>&1 \
    || rollcall batch create --district "$district" --id "$batch" --name "First laptops (example)"
}

enroll_this_machine() {
  if [[ ! -e var/agent/device.pem ]]; then
    say "This machine enrols"
    rm -f var/agent/token
    # allow-unidentified: a virtual machine often has no serial number of its own.
    rollcall token create --district "$district" --batch "$batch" --expires-in-hours 1 --uses 1 --allow-unidentified \
      --output-file var/agent/token
    bin/rollcall-agent enroll --controller "$devices" --token-file var/agent/token --state-dir var/agent
    rm -f var/agent/token
  fi
  say "This machine checks in"
  bin/rollcall-agent once --state-dir var/agent
}

# How one signs in at the pages: by the one-time link of the first run until it was used.
first_sign_in() {
  if [[ -e "$state/admin.link" ]]; then
    echo "Set the password of 'admin' there, once, within a day of the first run; afterwards sign in at $pages/sign-in"
    echo "('bin/rollcall account reset' makes a new link)."
    echo
    echo "  $(<"$state/admin.link")"
  else
    echo
    echo "  $pages/sign-in"
  fi
}

show_what_is_known() {
  say "What the controller now knows"
  show rollcall health
  # The certificate's common name is the device's id.
  local device
  device=$(openssl x509 -in var/agent/device.pem -noout -subject -nameopt sep_multiline,utf8 | sed -n 's/^ *CN=//p')
  show rollcall device show "$device" --district "$district"
  cat <<TEXT

In another terminal, from this folder:

  export XDG_CONFIG_HOME=\$PWD/var/operator
  bin/rollcall device software $device --district $district --limit 20
  bin/rollcall device history $device --district $district
  bin/rollcall batch show $batch --district $district
  bin/rollcall-agent status --state-dir var/agent
  bin/rollcall-agent doctor --state-dir var/agent
  bin/rollcall-agent collect | less

The controller runs: people on $people, devices on $devices. Its log: var/controller.log. Ctrl-C stops everything.

The pages; your browser has to trust $state/ca/root.pem, or to be told to go on.
$(first_sign_in)

TEXT
}

prepare_state
start_controller
log_in
load_example
create_example
enroll_this_machine
show_what_is_known
wait "$controller_pid"
