"""What the overview, lists and files of a seeded state cost. Writes a table, and reports.json into --output.

Usage: bench/reports.py --programs bin --swarm PATH [--devices 4000] [--engine sqlite] [--output var/reports]
Seeds a state with rollcall-swarm, serves it on loopback, waits until every district is counted, then asks. Times are of one client over a
kept connection; memory is the controller's resident set while a file is read, over what it was before.
"""

import argparse
import gzip
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from postgres import Postgres  # noqa: E402
from scale import Controller, Operator, swarm  # noqa: E402

MIB = 1 << 20


def counted(api):
    """Waits until the page says that every district was counted."""
    began = time.monotonic()
    while time.monotonic() - began < 1800:
        if b"first count is not done yet" not in api.get("/overview")[1]:
            return time.monotonic() - began
        time.sleep(1)
    raise RuntimeError("the districts were not counted in half an hour")


def page(given, api, name, path, limit):
    api.get(path)
    times, body = [], b""
    for _ in range(min(given.queries, 50)):
        status, body, spent = api.get(path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:300]}")
        times.append(spent)
    times.sort()
    return {"name": name, "p50": times[len(times) // 2], "worst": times[-1], "limit": limit, "bytes": len(body), "packed": len(gzip.compress(body))}


def file(controller, name, path, limit):
    """Reads a file piece by piece; the most memory while that lasts, over the memory before."""
    api = Operator(controller)
    before, most, done = controller.memory(), [0], threading.Event()

    def watch():
        while not done.is_set():
            most[0] = max(most[0], controller.memory())
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    began, size, lines = time.perf_counter(), 0, 0
    try:
        api.connection.request("GET", path, headers={"Authorization": f"Bearer {api.token}"})
        answer = api.connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {answer.read()[:300]}")
        while piece := answer.read(1 << 16):
            size, lines = size + len(piece), lines + piece.count(b"\n")
    finally:
        done.set()
        watcher.join()
    return {"name": name, "seconds": time.perf_counter() - began, "limit": limit, "bytes": size, "lines": lines, "memory": max(0, most[0] - before)}


def largest(api):
    """The district with most devices, and how many."""
    counts = json.loads(api.get("/api/v1/health")[1])["districts"]
    most = max(counts, key=lambda district: district["total"])
    return most["district"], most["total"]


def figures(given, controller):
    """Pages and files of a controller that serves a seeded state."""
    api = Operator(controller)
    waited = counted(api)
    district, devices = largest(api)
    inventory = "/api/v1/reports/inventory?format="
    pages = [
        page(given, api, "district overview", f"/overview?district={district}", 100), page(given, api, "state overview", "/overview", 500),
        page(given, api, "list of a district", f"/devices?district={district}&use=in&wellness=failing", 100),
        page(given, api, "list of the state by reason", "/devices?use=in&reason=battery&severity=failing", 500),
        page(given, api, "list of the state, not seen for 90 days", "/devices?use=in&notSeen=90", 500),
        page(given, api, "report on its page", f"/reports/inventory?district={district}", 100),
        page(given, api, "what changed", f"/reports/changes?district={district}", 100),
    ]
    files = [
        file(controller, f"CSV of a district's {devices:,}", f"{inventory}csv&district={district}", 2), file(controller, "the state's CSV", inventory + "csv", 30),
        file(controller, "the state's JSON", inventory + "json", 30), file(controller, "the state's XLSX", inventory + "xlsx", None),
    ]
    return {"countedSeconds": waited, "pages": pages, "files": files}


def measure(given, room, server):
    state = room / "state"
    words = ("--database", server.create("rollcall_reports")) if server else ()
    subprocess.run([given.programs / "rollcalld", "init", "--state", str(state), *words], check=True, capture_output=True, timeout=300)
    given.room = room
    report = swarm(given, "seed", "--state", state, "--fleet", room / "fleet", "--devices", given.devices, "--districts", min(140, given.devices))
    print(f"seeded {given.devices:,} devices in {report['seconds']:.0f} s", flush=True)
    if server:
        server.sql("VACUUM ANALYZE", "rollcall_reports")
    with Controller(given.programs, state) as controller:
        return {"devices": given.devices, "engine": given.engine} | figures(given, controller)


def shown(found):
    lines = [f"{found['devices']:,} devices on {found['engine']}; every district counted {found['countedSeconds']:.0f} s after the start", "",
             "| page | p50 | worst of all | limit | bytes | packed |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [f"| {p['name']} | {p['p50']:.0f} ms | {p['worst']:.0f} ms | {p['limit']} ms | {p['bytes']:,} | {p['packed']:,} |" for p in found["pages"]]
    lines += ["", "| file | time | limit | size | lines | memory |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [f"| {f['name']} | {f['seconds']:.2f} s | {f['limit'] or '–'} s | {f['bytes'] / MIB:.1f} MiB | {f['lines']:,} | +{f['memory'] / MIB:.0f} MiB |"
              for f in found["files"]]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", type=pathlib.Path, default="bin")
    parser.add_argument("--swarm", type=pathlib.Path, required=True)
    parser.add_argument("--devices", type=int, default=4000)
    parser.add_argument("--engine", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--output", type=pathlib.Path, default="var/reports")
    given = parser.parse_args()
    given.programs = given.programs.resolve()
    room = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-reports-"))
    try:
        if given.engine == "postgres":
            with Postgres() as server:
                found = measure(given, room, server)
        else:
            found = measure(given, room, None)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / f"reports-{given.engine}-{given.devices}.json").write_text(json.dumps(found, indent=2))
    print(shown(found))


if __name__ == "__main__":
    main()
