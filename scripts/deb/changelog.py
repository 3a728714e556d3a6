#!/usr/bin/env python3
"""Writes Debian's changelog from CHANGELOG.md: one entry a version, its sections and points as they stand there.

Usage: changelog.py CHANGELOG.md VERSION SECONDS >debian/changelog
What stands below [Unreleased] is VERSION, of the time SECONDS since 1970; releases carry their own date.
"""
import datetime
import email.utils
import re
import sys
import textwrap

MAINTAINER = re.search(r"^Maintainer: (.*)$", open("debian/control", encoding="utf-8").read(), re.M).group(1)


def debian(version):
    """A pre-release sorts before its release: 0.2.0-dev is 0.2.0~dev."""
    return version.replace("-", "~", 1)


def points(body):
    """Sections and their points, each on one line."""
    for line in body.split("\n"):
        if line.startswith("### "):
            yield f"[ {line[4:]} ]"
        elif line.startswith("- "):
            yield line[2:]
        elif line.startswith("  ") and line.strip():
            yield " " + line.strip()


def lines(body):
    joined = []
    for part in points(body):
        if part.startswith(" ") and joined:
            joined[-1] += part
        else:
            joined.append(part)
    for part in joined:
        # Markdown's marks of code mean nothing here.
        part = part.replace("`", "")
        if part.startswith("[ "):
            yield f"\n  {part}"
        else:
            yield textwrap.fill(part, 78, initial_indent="  * ", subsequent_indent="    ", break_long_words=False,
                                break_on_hyphens=False)


def main():
    path, version, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    entries = re.split(r"^## ", open(path, encoding="utf-8").read(), flags=re.M)[1:]
    kept = []
    for entry in entries:
        heading, _, body = entry.partition("\n")
        found = re.match(r"\[(?P<name>[^]]+)\](?: - (?P<date>\d{4}-\d\d-\d\d))?", heading)
        if found["name"] == "Unreleased":
            if any(line.startswith("- ") for line in body.split("\n")):
                kept.append((version, seconds, body))
        else:
            midnight = datetime.datetime.fromisoformat(found["date"] + "T00:00:00+00:00")
            kept.append((found["name"], int(midnight.timestamp()), body))
    # A package of another version than the file's newest, as the tests of upgrades make.
    if debian(kept[0][0]) != debian(version):
        known = [number for number, each in enumerate(kept) if each[0] == version]
        kept = kept[known[0]:] if known else [(version, seconds, "- See the project's history.")] + kept
    for name, moment, body in kept:
        text = "\n".join(lines(body)).strip("\n")
        print(f"rollcall ({debian(name)}) bookworm; urgency=medium\n\n{text}\n")
        print(f" -- {MAINTAINER}  {email.utils.formatdate(moment, usegmt=False)}\n")


main()
