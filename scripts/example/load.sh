#!/usr/bin/env bash
# What `make run` shows beside this machine: two districts of four schools and 300 students who plainly are not, and 30 laptops
# that are only files. The rosters go through `rollcall roster import`; each laptop has a key, enrols over EST and checks in by the
# real agent, which reads made-up files (--root). Done once; what is there already stays as it is, so that what was interrupted is
# finished by the next run.
# Usage: scripts/example/load.sh FOLDER DEVICES-ADDRESS (bin/rollcall is signed in)
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$1 devices=$2
here=scripts/example

rollcall() { bin/rollcall "$@"; }
quietly() { "$@" >> "$folder/log" 2>&1 || { tail -n 5 "$folder/log" >&2; return 1; }; }

# district ID NAME FIRST-SCHOOL SECOND-SCHOOL FIRST-NUMBER
district() {
  rollcall district show "$1" >/dev/null 2>&1 || quietly rollcall district create "$1" --name "$2"
  "$here/roster.sh" "$folder/roster-$1" "$1" "$2" "$3" "$4" "$5"
  quietly rollcall roster import "$folder/roster-$1" -d "$1"
}

# What is not well, by the laptop's number.
kind() {
  case $1 in
    4 | 19) echo worn-battery ;;
    9) echo failing-disk ;;
    13 | 27) echo waiting-updates ;;
    22) echo silent-disk ;;
    *) echo well ;;
  esac
}

# laptop NUMBER TOKEN: its files, its key, its first check-in
laptop() {
  local serial root state
  serial=$(printf 'EXAMPLE-%04d' "$1") root=$folder/laptops/$1/root state=$folder/laptops/$1/agent
  mkdir -p "$state"
  "$here/laptop.sh" "$root" "$serial" "$1" "$(kind "$1")"
  [[ -e $state/device.pem ]] || bin/rollcall-agent enroll --controller "$devices" --token-file "$2" --state-dir "$state" --root "$root"
  bin/rollcall-agent once --state-dir "$state" --root "$root"
}

# readings DISTRICT NUMBER: what was measured of it in the year before, as another inventory would have it
readings() {
  local file=$folder/laptops/$2/readings.json
  "$here/readings.sh" "$2" "$(kind "$2")" > "$file"
  rollcall device readings "$(printf 'EXAMPLE-%04d' "$2")" -d "$1" --add "$file"
}

# The code that a school's name makes.
code() { tr -cs 'a-z0-9' - <<< "${1,,}" | sed 's/^-*//; s/-*$//'; }

# moved DISTRICT: serials of devices that somebody has or had, so that they are not given again
moved() {
  local stage
  for stage in assigned in-service in-repair lost; do
    rollcall device list -d "$1" --stage "$stage" --output csv | cut -d, -f1
  done
}

# batch DISTRICT FIRST LAST FIRST-STUDENT FIRST-SCHOOL SECOND-SCHOOL: lists serials, lets the laptops enrol, gives most to students
batch() {
  local number serials=$folder/$1.csv token=$folder/$1.token
  echo serial,assetTag,model > "$serials"
  local given=$folder/$1-given.csv schools=$folder/$1-schools.csv codes=("$(code "$5")" "$(code "$6")")
  local already
  already=$(moved "$1")
  echo serial,studentId > "$given"
  echo serial,school > "$schools"
  for ((number = $2; number <= $3; number++)); do
    printf 'EXAMPLE-%04d,EX-%04d,Classbook\n' "$number" "$number" >> "$serials"
    printf 'EXAMPLE-%04d,%s\n' "$number" "${codes[number % 2]}" >> "$schools"
    # One in five stays on the shelf, and the last two are not there yet.
    ((number % 5 == 0 || number > $3 - 2)) || grep -qx "$(printf 'EXAMPLE-%04d' "$number")" <<< "$already" \
      || printf 'EXAMPLE-%04d,%d\n' "$number" "$(($4 + number))" >> "$given"
  done
  rollcall batch show example-laptops -d "$1" >/dev/null 2>&1 || quietly rollcall batch create -d "$1" --id example-laptops --name "Example laptops" --serials "$serials"
  rm -f "$token"
  quietly rollcall token create -d "$1" --batch example-laptops --expires-in-hours 1 --uses 60 --output-file "$token"
  # Four at once: each is a handful of requests.
  local pids=() pid
  for ((number = $2; number <= $3 - 2; number++)); do
    quietly laptop "$number" "$token" &
    pids+=($!)
    if ((${#pids[@]} == 4 || number == $3 - 2)); then
      for pid in "${pids[@]}"; do wait "$pid"; done
      pids=()
    fi
  done
  rm -f "$token"
  for ((number = $2; number <= $3 - 2; number++)); do quietly readings "$1" "$number"; done
  quietly rollcall device import "$schools" -d "$1"
  # Beside the header.
  (($(wc -l < "$given") < 2)) || quietly rollcall assign -d "$1" --file "$given"
}

umask 077
mkdir -p "$folder"
: > "$folder/log"
cedar=("Otter Creek Elementary (example)" "Heron High (example)")
maple=("Badger Elementary (example)" "Kestrel High (example)")
district cedar-falls "Cedar Falls (example)" "${cedar[@]}" 100000
district maple-hollow "Maple Hollow (example)" "${maple[@]}" 200000
# All of them report from this machine, whose network has a name in the state, and another one in one of the districts.
quietly rollcall network set 127.0.0.0/8 "the example's network" --state-wide
quietly rollcall network set 127.0.0.0/24 school -d cedar-falls
batch cedar-falls 1 18 100000 "${cedar[@]}"
batch maple-hollow 19 32 200000 "${maple[@]}"

# is STAGE SERIAL
is() { grep -qx "$2" <<< "$(rollcall device list -d cedar-falls --stage "$1" --output csv | cut -d, -f1)"; }

is lost EXAMPLE-0007 \
  || quietly rollcall lost EXAMPLE-0007 -d cedar-falls --reason "left on the bus (example)"
is in-repair EXAMPLE-0009 || quietly rollcall repair EXAMPLE-0009 -d cedar-falls --category other
grep -qx EXAMPLE-0010 <<< "$(moved cedar-falls)" \
  || quietly rollcall loan EXAMPLE-0010 -d cedar-falls --student "$((100000 + 9))" --days 5 --for EXAMPLE-0009
