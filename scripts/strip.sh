#!/usr/bin/env bash
# A release program without its symbols, and the same from each build of the same sources: .swift_modhash, a hash of the compiler's
# intermediate code, in which clang's module cache has a signature of its own, is filled with zeros, for nothing reads it; and the build
# id, which the linker hashed over that, is made anew. (Taking sections out would lose the program's RELRO.)
# Usage: scripts/strip.sh PROGRAM TARGET
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
new=$2.new

# section NAME: writes its bytes to $room/section; false where there is none.
section() { objcopy --dump-section "$1=$room/section" "$new" "$room/unchanged" 2>/dev/null && [[ -s $room/section ]]; }

strip -o "$new" "$1"
if section .swift_modhash; then
  head -c "$(stat -c %s "$room/section")" /dev/zero >"$room/zeros"
  objcopy --update-section ".swift_modhash=$room/zeros" "$new"
fi
if section .note.gnu.build-id; then
  # Sixteen bytes of header and name, then twenty of SHA-1.
  head -c 16 "$room/section" >"$room/note"
  cp "$room/note" "$room/empty"
  head -c 20 /dev/zero >>"$room/empty"
  objcopy --update-section ".note.gnu.build-id=$room/empty" "$new"
  id=$(sha1sum <"$new" | cut -d ' ' -f 1)
  printf '%b' "$(sed 's/../\\x&/g' <<<"$id")" >>"$room/note"
  objcopy --update-section ".note.gnu.build-id=$room/note" "$new"
fi
mv "$new" "$2"
