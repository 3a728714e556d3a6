#!/bin/sh
# Unpacks what the host put onto the seed disk, makes its accounts and folders, and runs its steps.
# What the steps say goes to the second serial port, where the host reads it.
set -eu
{
  echo "booted kernel $(uname -r)"
  tar --extract --no-same-owner --file=/dev/disk/by-id/virtio-rollcall-seed --directory=/
  systemd-sysusers
  systemctl daemon-reload
  systemd-tmpfiles --create
  if /usr/local/sbin/rollcall-steps; then echo "steps done"; else echo "steps failed with exit code $?"; fi
} >/dev/ttyS1 2>&1
