#!/usr/bin/env bash
# Builds the release programs twice, each time with everything of ours compiled anew, packs them, and compares the packages' bytes.
# Two whole builds of some ten minutes each and more. The sources stand at one path both times: the programs carry no path, but what
# Swift compiles depends on where it stands.
set -euo pipefail
cd "$(dirname "$0")/../.."
room=$(mktemp -d)
trap 'rm -rf "$room" .build-twice' EXIT
export ROLLCALL_DEB_LEVEL=1
for round in first second; do
  # What an interrupted run left would not be compiled anew.
  rm -rf .build-twice
  for program in rollcalld rollcall-agent rollcall; do
    swift build --scratch-path .build-twice --configuration release --static-swift-stdlib --product "$program"
    built=$(swift build --scratch-path .build-twice --configuration release --static-swift-stdlib --show-bin-path)
    mkdir -p "$room/$round/bin"
    scripts/strip.sh "$built/$program" "$room/$round/bin/$program"
  done
  scripts/deb/build.sh "$room/$round/bin" "$room/$round/deb"
done
(cd "$room/first" && sha256sum bin/* deb/*.deb) | tee "$room/sums"
(cd "$room/second" && sha256sum --check --quiet "$room/sums")
echo "the same bytes from two builds"
