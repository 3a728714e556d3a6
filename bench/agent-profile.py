"""Where the agent's memory and instructions go, for BENCHMARKS.md: needs gdb and valgrind.

Usage: bench/agent-profile.py PROGRAM once --state-dir FOLDER [--root FOLDER]
Memory is /proc/PID/smaps as the process ends, summed by file. Instructions are callgrind's, in user space, by file; with
a program that was not stripped also by stage.
"""

import collections
import pathlib
import re
import subprocess
import sys
import tempfile

STAGES = {  # what callgrind calls the function that a stage is in, and what to print
    "_dl_start ": "loader: libraries mapped and relocated", "Contact.run(": "the contact, all that follows",
    "IdentityStore.identity(": "own certificate and key read", "FactCollector.collect(": "facts collected",
    "SHA256.digest(": "SHA-256, OpenSSL's start included", "WireCodec.encode": "JSON written", "WireCodec.decode": "JSON read",
    "curl_easy_perform": "libcurl: connection, TLS, request", ":SSL_connect ": "  of it the TLS handshake",
}
KINDS = {"libcrypto.so": "OpenSSL", "libssl.so": "OpenSSL", "libc.so": "C library, loader", "ld-linux": "C library, loader",
         "libm.so": "C library, loader", "[heap]": "heap and stack", "[anon]": "heap and stack", "[stack]": "heap and stack",
         "libcurl.so": "libcurl"}


def memory(command, room):
    copy = room / "smaps"
    step = f"import gdb; open('{copy}','w').write(open(f'/proc/{{gdb.selected_inferior().pid}}/smaps').read())"
    subprocess.run(["gdb", "-q", "-batch", "-ex", "catch syscall exit_group", "-ex", "run", "-ex", f"python {step}", "-ex", "kill",
                    "--args", *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    sums, own, name = collections.defaultdict(collections.Counter), pathlib.Path(command[0]).name, ""
    for line in copy.read_text().splitlines():
        if mapping := re.match(r"[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \d+ *(.*)", line):
            name = pathlib.Path(mapping.group(2)).name or "[anon]"
        elif (part := line.split(":"))[0] in ("Rss", "Anonymous"):
            kind = "the program itself" if name == own else next(
                (kind for begin, kind in KINDS.items() if name.startswith(begin)), "libraries that libcurl brings along")
            sums[kind][part[0]] += int(part[1].split()[0])
    for kind, sizes in sorted(sums.items(), key=lambda entry: -entry[1]["Rss"]):
        print(f"{sizes['Rss']:7} KiB, {sizes['Anonymous']:5} of it written: {kind}")
    print(f"{sum(sizes['Rss'] for sizes in sums.values()):7} KiB in all")


def instructions(command, room):
    out = room / "callgrind"
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=99.9", "--auto=no", str(out)], check=True,
                          capture_output=True, text=True).stdout
    text = subprocess.run(["swift", "demangle", "--compact"], input=text, check=True, capture_output=True, text=True).stdout
    print(re.search(r"[\d,]+ \([\d.]+%\)  PROGRAM TOTALS", text).group(0))
    for mark, words in STAGES.items():
        found = [int(line.split()[0].replace(",", "")) for line in text.splitlines() if mark in line and line[:1] in " 0123456789"]
        if found:
            print(f"{max(found) / 1e6:7.1f} M: {words}")


with tempfile.TemporaryDirectory() as folder:
    memory(sys.argv[1:], pathlib.Path(folder))
    instructions(sys.argv[1:], pathlib.Path(folder))
