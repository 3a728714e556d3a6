#!/bin/sh
# Enables both ports of the machine's IDE controller (Intel PIIX3), as SeaBIOS does and OVMF does not, and waits for the
# ATA disk behind it. Source: Intel 82371FB/SB datasheet, IDETIM (40h, 42h), bit 15.
set -eu
device=$(grep -lx 0x7010 /sys/bus/pci/devices/*/device)
device=${device%/device}
printf '\000\200\000\200' | dd of="$device/config" bs=1 seek=64 conv=notrunc status=none
modprobe -a ata_piix sd_mod
echo "${device##*/}" >/sys/bus/pci/drivers/ata_piix/unbind || true
echo "${device##*/}" >/sys/bus/pci/drivers/ata_piix/bind
for _ in $(seq 100); do
  ls /sys/block/sd* >/dev/null 2>&1 && exit 0
  sleep 0.2
done
echo 'no ATA disk has appeared' >&2
exit 1
