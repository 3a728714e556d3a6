#!/usr/bin/env bash
# A QEMU machine with SMBIOS strings, NVMe and ATA disks and a TPM of its own boots a small Debian, enrols with the real agent
# under its real systemd unit, checks in, is reset, checks in again, and is shown by `rollcall device show` with what
# QEMU was told. Takes three to ten minutes without KVM. Logs stay in .build-e2e/last.
# Usage: scripts/e2e-qemu/run.sh [FOLDER OF THE PROGRAMS]   (default: bin)
set -euo pipefail
cd "$(dirname "$0")/../.."
programs=$(cd "${1:-bin}" && pwd)

image=$(scripts/e2e-qemu/rootfs.sh .build-e2e)
rm -rf .build-e2e/last
mkdir -p .build-e2e/last
exec timeout --kill-after=30 1500 python3 scripts/e2e-qemu/run.py --programs "$programs" --image "$image" --folder .build-e2e/last
