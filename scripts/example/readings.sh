#!/usr/bin/env bash
# Writes a made-up laptop's readings of the year before it reported, a week each, as `rollcall device readings --add` takes them:
# a battery that wears out, a disk that is written to, and a summer in which nobody switched it on.
# Usage: scripts/example/readings.sh NUMBER well|worn-battery|failing-disk|waiting-updates|silent-disk
set -euo pipefail
number=$1 kind=$2

# What scripts/example/laptop.sh tells of today, in percent, and how much of it a hundred weeks take.
battery=$((94 - number * 9 / 50)) battery_pace=$((6 + number % 5)) disk=$((3 + number)) disk_pace=$((2 + number % 4))
[[ $kind == worn-battery ]] && battery=39 battery_pace=78
[[ $kind == failing-disk ]] && disk_pace=20

# The Monday of this week, in seconds.
today=$(($(date -u +%s) / 86400))
monday=$(((today + 3) / 7 * 7 - 3))

separator='['
for ((week = 52; week >= 1; week--)); do
  day=$(date -u -d "@$(((monday - week * 7) * 86400))" +%F)
  # The summer.
  [[ $day == ????-07-* || $day == ????-08-0* ]] && continue
  used=$((disk - disk_pace * week / 100))
  printf '%s{"week":"%s","batteryPercent":%d,"diskUsedPercent":%d,"memoryFreePercent":%d,"hottestCelsius":%d}' "$separator" \
    "$day" "$((battery + battery_pace * week / 100))" "$((used > 0 ? used : 0))" "$((58 + (week * 7 + number) % 12))" \
    "$((41 + (week * 5 + number) % 17))"
  separator=,
done
echo ']'
