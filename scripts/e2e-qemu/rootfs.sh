#!/usr/bin/env bash
# Builds the small Debian that the machine boots: an ext4 image, its kernel and its initial RAM disk.
# Nothing of Rollcall is inside: programs and steps come on a second disk, so that the image is made once.
# Usage: scripts/e2e-qemu/rootfs.sh FOLDER    (prints the image's path without its ending)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)

version=$(cat "$here/rootfs.sh" "$here"/guest/rollcall-seed* "$here"/guest/*.network | sha256sum | cut -c1-12)
image="$folder/debian-$version"
if [[ -e "$image.ext4" ]]; then
  echo "$image"
  exit 0
fi
if ((EUID != 0)); then
  exec sudo "$here/rootfs.sh" "$folder"
fi

packages=systemd,systemd-sysv,dbus,udev,kmod,iproute2,procps,openssl,libcurl4,libssl3,zlib1g,libsqlite3-0,libpq5,libstdc++6
packages+=,linux-image-cloud-amd64,initramfs-tools
room=$(mktemp -d "$folder/rootfs.XXXXXX")
trap 'rm -rf "$room"' EXIT

mmdebstrap --quiet --variant=minbase --include="$packages" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  bookworm "$room/root" >&2

root="$room/root"
install -m 755 "$here/guest/rollcall-seed.sh" "$root/usr/local/sbin/rollcall-seed"
install -m 644 "$here/guest/rollcall-seed.service" "$root/etc/systemd/system/"
install -m 644 "$here/guest/20-wired.network" "$root/etc/systemd/network/"
systemctl --root="$root" --quiet enable systemd-networkd.service systemd-networkd-wait-online.service rollcall-seed.service
systemctl --root="$root" --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  e2scrub_reap.service getty@tty1.service
: >"$root/etc/machine-id"
printf 'rollcall-machine\n' >"$root/etc/hostname"
printf '127.0.0.1 localhost rollcall-machine\n10.0.2.2 controller.rollcall.test\n' >"$root/etc/hosts"
rm -rf "${root:?}"/var/cache/apt/* "${root:?}"/var/lib/apt/lists/* "${root:?}"/dev/*

cp "$root"/boot/vmlinuz-* "$image.vmlinuz"
cp "$root"/boot/initrd.img-* "$image.initrd"
# It says on its output that it makes a file, and the output is where the image is.
mke2fs -q -t ext4 -L rollcall-root -d "$root" "$image.part" 1G >&2
mv "$image.part" "$image.ext4"
echo "$image"
