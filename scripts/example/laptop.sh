#!/usr/bin/env bash
# Writes the files of a made-up laptop, as the kernel and the package database would show them: what `rollcall-agent --root`
# reads. Usage: scripts/example/laptop.sh FOLDER SERIAL NUMBER well|worn-battery|failing-disk|waiting-updates|silent-disk
set -euo pipefail
root=$1 serial=$2 number=$3 kind=$4

put() { mkdir -p "$root/${1%/*}" && printf '%s\n' "$2" > "$root/$1"; }

boot=$(printf '00000000-0000-4000-8000-%012d' "$number")
put proc/sys/kernel/hostname "example-$number"
put proc/sys/kernel/osrelease 6.1.0-37-amd64
put proc/sys/kernel/arch x86_64
put proc/sys/kernel/random/boot_id "$boot"
put proc/stat "btime $(($(date +%s) - 7200))"
put proc/uptime '7200.00 20000.00'
put proc/meminfo $'MemTotal:        8000000 kB\nMemAvailable:    5000000 kB'
put proc/cpuinfo "$(for core in 0 1 2 3; do
  printf 'processor\t: %d\nmodel name\t: Example Processor 4\nphysical id\t: 0\ncore id\t\t: %d\n\n' "$core" "$core"
done)"
# Its room is that of the disk on which these files are.
put proc/self/mountinfo "26 1 $(stat -c %Hd:%Ld "$root") / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw"
put proc/net/wireless $'Inter-| sta-|   Quality\n face | tus | link level noise\n wlp1s0: 0000   '"$((40 + number % 30)).  -$((75 - number % 30)).  -256"
put proc/asound/cards ' 0 [Example        ]: HDA-Intel - Example Sound'
put etc/os-release $'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"'
mkdir -p "$root/run" "$root/sys/firmware/efi"

dmi=sys/class/dmi/id
put $dmi/sys_vendor 'Example Computers'
put $dmi/product_name "Classbook $((13 + number % 2))"
put $dmi/product_serial "$serial"
put $dmi/product_uuid "$(printf '0e0e0e0e-%04d-4000-8000-0e0e0e0e0e0e' "$number")"
put $dmi/board_serial "BOARD-$serial"
put $dmi/chassis_type 10
put $dmi/bios_vendor 'Example Computers'
put $dmi/bios_version 1.7
put $dmi/bios_date 03/14/2025

# A disk, a battery, Wi-Fi, graphics, a camera; each a folder where the kernel would have a link.
put sys/block/nvme0n1/size 500118192
put sys/block/nvme0n1/removable 0
put sys/block/nvme0n1/queue/rotational 0
put sys/block/nvme0n1/device/model 'EXAMPLE SSD 256'
put sys/block/nvme0n1/device/serial "SSD-$serial"
put sys/block/nvme0n1/device/firmware_rev 1.0
battery=sys/class/power_supply/BAT0 full=$((47000000 - number * 90000))
[[ $kind == worn-battery ]] && full=19500000
for pair in type:Battery present:1 manufacturer:Example model_name:EX-50 serial_number:"B$number" technology:Li-ion \
  energy_full_design:50000000 energy_full:$full capacity:$((40 + number)) cycle_count:$((80 + number * 7)) status:Discharging; do
  put "$battery/${pair%%:*}" "${pair#*:}"
done
put sys/class/net/wlp1s0/type 1
put sys/class/net/wlp1s0/address "$(printf '02:0e:00:00:00:%02x' "$number")"
put sys/class/net/wlp1s0/operstate up
mkdir -p "$root/sys/class/net/wlp1s0/wireless" "$root/sys/devices/wifi" "$root/sys/devices/gpu" "$root/sys/devices/camera"
ln -sfn ../../../devices/wifi "$root/sys/class/net/wlp1s0/device"
mkdir -p "$root/sys/class/drm/card0" "$root/sys/class/video4linux" "$root/sys/class/bluetooth/hci0"
ln -sfn ../../../devices/gpu "$root/sys/class/drm/card0/device"
put sys/devices/gpu/vendor 0x8086
put sys/devices/gpu/device 0x46b3
put sys/class/video4linux/video0/name 'Example Camera'
put sys/class/video4linux/video0/index 0
ln -sfn ../../../devices/camera "$root/sys/class/video4linux/video0/device"
put sys/class/thermal/thermal_zone0/type x86_pkg_temp
put sys/class/thermal/thermal_zone0/temp "$((41000 + number * 300))"

# What rollcall-measure.service would have measured as root.
updates=$((number % 4)) healthy=true errors=0
[[ $kind == waiting-updates ]] && updates=137
[[ $kind == failing-disk ]] && healthy=false errors=412
health=", \"health\": {\"name\": \"nvme0n1\", \"healthy\": $healthy, \"percentUsed\": $((3 + number)), \"sparePercent\": 100,
  \"mediaErrors\": $errors, \"powerOnHours\": $((900 + number * 31)), \"temperatureMillicelsius\": 39000}"
[[ $kind == silent-disk ]] && health=', "reason": "the disk did not answer"'
put run/rollcall-measure/measured.json "{\"version\": 1, \"bootID\": \"$boot\", \"measuredAt\": $(date +%s)000,
  \"sinceBootMilliseconds\": 7000000, \"disks\": [{\"name\": \"nvme0n1\", \"sinceBootMilliseconds\": 7000000$health}],
  \"updates\": {\"count\": $updates}}"
chmod 644 "$root/run/rollcall-measure/measured.json"

# Packages: an image that all share, and every third has something of its own.
mkdir -p "$root/var/lib/dpkg"
{
  for package in base-files:12.4+deb12u12 bash:5.2.15-2+b8 coreutils:9.1-1 dpkg:1.21.22 firefox-esr:128.14.0esr-1 \
    gnome-shell:43.9-0+deb12u2 libc6:2.36-9+deb12u10 libreoffice-writer:4:7.4.7-1 linux-image-amd64:6.1.147-1 \
    openssl:3.0.$((15 + number % 3))-1~deb12u1 rollcall-agent:0.2.0 scratch:3.29.1-1; do
    printf 'Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n\n' "${package%%:*}" "${package#*:}"
  done
  ((number % 3)) || printf 'Package: stellarium\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.2-2\n\n'
} > "$root/var/lib/dpkg/status"
if ((number % 5 == 0)); then
  app=var/lib/flatpak/app/org.example.Chalkboard/x86_64/stable
  put "$app/active/metadata" $'[Application]\nname=org.example.Chalkboard'
  put "$app/active/files/share/metainfo/org.example.Chalkboard.metainfo.xml" '<releases><release version="2.4.1"/></releases>'
fi
