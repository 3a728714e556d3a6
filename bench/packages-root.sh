#!/bin/sh
# Makes a root folder that is this machine's own but for its package database, which holds COUNT real packages:
# those installed here, again under numbered names until there are enough.
#
#   bench/packages-root.sh DIR [COUNT]        # COUNT is 1500 unless said otherwise
set -eu
root=$1
count=${2:-1500}
mkdir -p "$root/var/lib/dpkg"
for name in proc sys etc usr run; do ln -sfn "/$name" "$root/$name"; done
awk -v RS= -v ORS='\n\n' -v count="$count" '
  /\nStatus: install ok installed/ { paragraphs[++found] = $0 }
  END {
    for (i = 0; i < count; i++) {
      text = paragraphs[i % found + 1]
      round = int(i / found)
      if (round > 0) sub(/^Package: [^\n]+/, "&-" round, text)
      print text
    }
  }' /var/lib/dpkg/status > "$root/var/lib/dpkg/status"
