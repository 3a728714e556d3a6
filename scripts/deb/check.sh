#!/usr/bin/env bash
# `make check-deb`: packs twice and compares, asks lintian, then installs, upgrades, interrupts, downgrades and purges in a small
# Debian of its own. Needs root. Usage: scripts/deb/check.sh FOLDER-OF-PROGRAMS [FOLDER-OF-OLDER-PROGRAMS]
# Without programs of 0.1, the older packages hold the same programs under the older version: then a refusal of the newer
# database is tried with a database that was made to look newer.
set -euo pipefail
cd "$(dirname "$0")/../.."
programs=$(realpath "$1")
older=$(realpath "${2:-$1}")
if ((EUID != 0)); then exec sudo "$0" "$programs" "$older"; fi

room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
# Packed little, for only sameness and what happens counts here.
export ROLLCALL_DEB_LEVEL=1
echo "== packing twice"
scripts/deb/build.sh "$programs" "$room/new"
(umask 077 && TZ=Pacific/Kiritimati LC_ALL=POSIX scripts/deb/build.sh "$programs" "$room/again")
(cd "$room/new" && sha256sum ./*.deb) | tee "$room/sums"
(cd "$room/again" && sha256sum --check --quiet "$room/sums")
echo "the same bytes twice"

echo "== lintian"
lintian --profile debian --allow-root --fail-on error,warning "$room/new"/*.changes

echo "== in a small Debian"
# What the packages depend on, and strace for the interruptions. A list that has changed asks for another base.
included=systemd,libcurl4,libpq5,libsqlite3-0,libstdc++6,libxlsxwriter4,libzip4,strace
base=.build-deb/base-$(cksum <<<"$included" | cut -d ' ' -f 1).tar
if [[ ! -f $base ]]; then
  rm -rf "${base%/*}"
  mkdir -p "${base%/*}"
  # The name that is renamed at the end says nothing of its format.
  mmdebstrap --quiet --variant=minbase --format=tar --include="$included" bookworm "$base.new"
  mv "$base.new" "$base"
fi
version() { dpkg-deb --field "$1"/rollcall_*.deb Version; }
scripts/deb/build.sh "$older" "$room/old" 0.1.0
# Older settings, to see what becomes of edited ones.
dpkg-deb --raw-extract "$room"/old/rollcall-controller_*.deb "$room/other"
echo "# of an older release" >>"$room/other/etc/rollcall/rollcalld.yaml"
sed -i -E 's/^(Version: .*)$/\1+settings/' "$room/other/DEBIAN/control"
dpkg-deb -z1 --root-owner-group --build "$room/other" "$room/old/" >/dev/null
mkdir "$room/packages"
cp "$room"/new/*.deb "$room"/old/*.deb "$room/packages/"
python3 scripts/deb/check.py "$base" "$room/packages" "$(version "$room/old")" "$(version "$room/new")"
