#!/usr/bin/env bash
# `make fuzz`: libFuzzer makes up inputs for the parsers of strangers' bytes that Tests/Fuzzing lists, guided by coverage, SECONDS_EACH long.
# What it finds interesting is kept in .build-fuzz/corpus and is where the next run begins; an input that traps ends the
# run and stands in .build-fuzz/found.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${SECONDS_EACH:-60}
build=.build-fuzz
export ROLLCALL_FUZZING=1 SWIFT_BACKTRACE=enable=no

swift build --scratch-path "$build" --product rollcall-fuzz
program=$(swift build --scratch-path "$build" --show-bin-path)/rollcall-fuzz

# Where a parser's first inputs come from: real ones of the tests.
seeds() {
  case "$1" in
    check-in) ls Tests/WireTests/Golden/checkin*.json ;;
    reply) ls Tests/WireTests/Golden/reply*.json ;;
    dpkg) find Tests/AgentCollectTests -path '*var/lib/dpkg/status' -size -64k ;;
    mounts) find Tests/AgentCollectTests -path '*proc/self/mountinfo' ;;
    release) find Tests/AgentCollectTests -path '*etc/os-release' ;;
  esac
}

parsers=${PARSERS:-$(sed -n 's/^  case checkIn = "\(.*\)"$/\1/p; s/^  case \([a-z0-9, ]*\)$/\1/p' Tests/Fuzzing/FuzzedParser.swift | tr -d ',')}
for parser in $parsers; do
  mkdir -p "$build/corpus/$parser" "$build/found"
  number=0
  while read -r file; do cp "$file" "$build/corpus/$parser/seed-$((number++))"; done < <(seeds "$parser")
  ROLLCALL_FUZZED=$parser "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
    -artifact_prefix="$build/found/$parser-" -print_final_stats=1 "$build/corpus/$parser" >"$build/$parser.log" 2>&1 || {
    tail -n 30 "$build/$parser.log" >&2
    echo "The parser '$parser' fails; the input stands in $build/found, the log in $build/$parser.log." >&2
    exit 1
  }
  printf '%-14s %s inputs, %s kept\n' "$parser" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$parser.log")" "$(ls "$build/corpus/$parser" | wc -l)"
done
