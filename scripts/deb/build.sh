#!/usr/bin/env bash
# Packs the programs of a folder into Debian packages; the same programs, commit and version give the same bytes.
# Usage: scripts/deb/build.sh FOLDER-OF-PROGRAMS FOLDER-OF-PACKAGES [VERSION]   (by default the version of the sources)
set -euo pipefail
cd "$(dirname "$0")/../.."
programs=$(realpath "$1")
mkdir -p "$2"
packages=$(realpath "$2")
version=${3:-$(sed -nE 's/.*static let version = "([^"]+)".*/\1/p' Sources/Vocabulary/Release.swift)}

# Without git, as in an archive of the sources, the time is said by who packs.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export LC_ALL=C.UTF-8 TZ=UTC COLUMNS=80
unset DEB_BUILD_OPTIONS DH_VERBOSE
umask 022

room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
tree=$room/rollcall
mkdir -p "$tree/bin" "$tree/made/completions"
cp -r debian systemd docs CHANGELOG.md "$tree/"
mkdir -p "$tree/scripts/e2e-tpm"
cp scripts/e2e-tpm/openssl.cnf "$tree/scripts/e2e-tpm/"
for program in rollcalld rollcall-agent rollcall; do
  install -m 755 "$programs/$program" "$tree/bin/"
done

date=$(date --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%d)
python3 scripts/deb/changelog.py CHANGELOG.md "$version" "$SOURCE_DATE_EPOCH" >"$tree/debian/changelog"
for page in rollcalld.8 rollcall-agent.8 rollcall.1; do
  python3 scripts/deb/manual.py "$tree/bin/${page%.*}" "${page##*.}" "$date" "$version" >"$tree/made/$page"
done
for program in rollcalld rollcall; do
  # Read by a shell and run by none: a first line that names one does not belong there.
  "$tree/bin/$program" --generate-completion-script bash | sed '1{/^#!/d}' >"$tree/made/completions/$program"
  "$tree/bin/$program" --generate-completion-script zsh >"$tree/made/completions/_$program"
  "$tree/bin/$program" --generate-completion-script fish >"$tree/made/completions/$program.fish"
done

(cd "$tree" && dpkg-buildpackage --build=binary --unsigned-changes --no-sign >"$room/log" 2>&1) || {
  tail -n 40 "$room/log" >&2
  exit 1
}
grep -iE 'warning' "$room/log" >&2 || true
mv "$room"/*.deb "$room"/*.changes "$room"/*.buildinfo "$packages/"
