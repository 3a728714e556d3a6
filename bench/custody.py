"""Custody of many devices: 20,000 assigned and returned by a file, beside a roster of a large district, and a ledger of millions of events replayed.

Usage: bench/custody.py --programs bin [--moves 20000] [--people 100000] [--devices 400000] [--events 5000000] [--engine sqlite|postgres]
The assignments go through `rollcall assign --file`, the replay is `rollcalld doctor --ledgers`. The events themselves are written by
statements, as they would take days through the API: each device is given out and comes back in turns.
"""

import argparse
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

BENCH = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))
sys.path.insert(0, str(BENCH.parent / "scripts"))

from controller import Controller  # noqa: E402
from roster import export  # noqa: E402

DISTRICT = "district-0"
# The events that a device has before, and what is stored of it after the last one, which is a return to the district.
EVENTS = """
INSERT INTO registry_ledger_event (district_id, device_id, sequence, at, actor, kind, holder)
SELECT district_id, device_id, last + turn, 1790000000000 + 60000 * turn, 'principal:prn_0000000000000001',
  CASE WHEN turn % 2 = 1 THEN 'assigned' ELSE 'returned' END,
  CASE WHEN turn % 2 = 1 THEN 'person:per_0000000000000001' ELSE 'district' END
FROM (SELECT d.district_id, d.device_id, COALESCE((SELECT MAX(sequence) FROM registry_ledger_event AS e
        WHERE e.district_id = d.district_id AND e.device_id = d.device_id), 0) AS last FROM registry_device AS d) AS devices
CROSS JOIN ({turns}) AS turns
"""
PLACES = [
    "UPDATE registry_device SET stage = 'returned', custody = 'district'",
    "DELETE FROM registry_custody",
    "INSERT INTO registry_custody (district_id, device_id, holder, since) "
    "SELECT district_id, device_id, 'district', 1790000000000 + 60000 * {count} FROM registry_device",
]


def timed(controller, *words):
    began = time.monotonic()
    done = subprocess.run([controller.programs / "rollcall", *words], env=controller.environment, capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise RuntimeError(f"rollcall {' '.join(words)}: {done.stdout[-1000:]}{done.stderr[-3000:]}")
    return time.monotonic() - began, done.stdout


def many(given, controller, folder):
    """Seconds to assign and to return as many devices as `--moves`, the command's own start included."""
    archive, _, _ = export(given.people, 1)
    (folder / "export.zip").write_bytes(archive)
    controller.rollcall("district", "create", DISTRICT, "--name", "District 0")
    timed(controller, "roster", "import", str(folder / "export.zip"), "--state-wide", "--output", "json")
    serials = folder / "serials.csv"
    serials.write_text("serial\n" + "".join(f"BN{number:08}\n" for number in range(given.devices)))
    timed(controller, "device", "import", str(serials), "--district", DISTRICT)
    rows = range(given.moves)
    assigned, returned = folder / "assigned.csv", folder / "returned.csv"
    assigned.write_text("serial,studentId\n" + "".join(f"BN{number:08},{number}\n" for number in rows))
    returned.write_text("serial\n" + "".join(f"BN{number:08}\n" for number in rows))
    found = {}
    for title, words in (("assign", ("assign", "--file", str(assigned))), ("assign again, nothing changes", ("assign", "--file", str(assigned))),
                         ("return", ("return", "--file", str(returned)))):
        seconds, output = timed(controller, *words, "--district", DISTRICT, "--output", "json")
        answer = json.loads(output)
        found[title] = {"seconds": round(seconds, 2), "moved": answer["moved"], "unchanged": answer["unchanged"]}
        print(f"{given.engine}: {title}: {answer['moved']} moved, {answer['unchanged']} unchanged, {seconds:.2f} s", flush=True)
    return found


def replay(given, folder, write):
    """Writes the ledger by `write(statements)` and has the doctor replay it."""
    turns = max(2, given.events // given.devices // 2 * 2)
    list_of_turns = " UNION ALL ".join(f"SELECT {turn} AS turn" for turn in range(1, turns + 1))
    write([EVENTS.format(turns=list_of_turns)] + [place.format(count=turns) for place in PLACES])
    done = subprocess.run([given.programs / "rollcalld", "doctor", "--state", str(folder / "controller"), "--ledgers"], capture_output=True,
                          text=True, timeout=3600)
    line = next(line for line in done.stdout.splitlines() if "custody ledgers" in line)
    events, devices, seconds = re.search(r"(\d+) events of (\d+) devices replayed in ([\d.]+) s", line).groups()
    print(f"{given.engine}: {line}", flush=True)
    return {"events": int(events), "devices": int(devices), "seconds": float(seconds), "isSound": line.startswith("ok")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--moves", type=int, default=20_000)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--devices", type=int, default=400_000)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--engine", choices=["sqlite", "postgres"], default="sqlite")
    given = parser.parse_args()
    server = None
    with tempfile.TemporaryDirectory(prefix="rollcall-custody-") as path:
        folder = pathlib.Path(path)
        if given.engine == "postgres":
            from postgres import Postgres
            server = Postgres()
            server.__enter__()
            os.environ["ROLLCALLD_DATABASE"] = server.create("custody")

        def write(statements):
            if server:
                for statement in statements:
                    server.sql(statement, "custody")
                return
            with sqlite3.connect(folder / "controller/rollcall.sqlite", timeout=60) as database:
                for statement in statements:
                    database.execute(statement)
                database.commit()

        try:
            with Controller(given.programs, folder) as controller:
                found = many(given, controller, folder)
            found["replay"] = replay(given, folder, write)
            print(json.dumps(found))
        finally:
            if server:
                server.__exit__(None, None, None)


if __name__ == "__main__":
    main()
