"""How cost grows with the state: seeds states of several sizes on both engines and measures each. Writes scale.json, scale.md and scale.svg.

Usage: bench/scale.py --programs bin --swarm PATH [--devices 4000 40000 400000] [--engines sqlite postgres] [--output var/scale]
Everything listens on loopback; each loop has a count or a time; what is started is ended by its id. As figures are measured they are
written, so that a run that was stopped has left what it had.
"""

import argparse
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import platform
import random
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from plot import plot  # noqa: E402
from postgres import Postgres  # noqa: E402

BENCH = pathlib.Path(__file__).resolve().parent
DISTRICTS, PACKAGES = 140, 1500


class Controller:
    """`rollcalld serve` on a seeded state."""

    def __init__(self, programs, state, environment=None):
        self.programs, self.state, self.environment = programs, state, dict(os.environ, **(environment or {}))
        self.log = state.parent / f"{state.name}.log"

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.programs / "rollcalld", "serve", "--state", str(self.state), "--people", "127.0.0.1:0", "--devices", "127.0.0.1:0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        began = time.monotonic()
        for _ in range(1200):
            text = self.log.read_text(errors="replace")
            people, devices = re.search(r'"?people"?[=:] ?"?(\d+)', text), re.search(r'"?devices"?[=:] ?"?(\d+)', text)
            if people and devices:
                self.people, self.devices = int(people.group(1)), int(devices.group(1))
                self.start_seconds = time.monotonic() - began
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.__exit__()
        raise RuntimeError("the controller is not ready:\n" + self.log.read_text(errors="replace"))

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def memory(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text()).group(1)) * 1024


class Operator:
    """The API over one kept connection, as the first administrator."""

    def __init__(self, controller):
        context = ssl.create_default_context(cafile=str(controller.state / "ca/root.pem"))
        self.connection = http.client.HTTPSConnection("localhost", controller.people, context=context, timeout=120)
        self.token = (controller.state / "admin.token").read_text().strip()

    def get(self, path):
        """Status, what was answered, and the milliseconds that it took."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
        answer = self.connection.getresponse()
        body = answer.read()
        return answer.status, body, 1000 * (time.perf_counter() - began)


def swarm(given, mode, *words, timeout=7200):
    """Runs the load generator and reads its report; one that was not content still leaves one."""
    report = given.room / "report.json"
    report.unlink(missing_ok=True)
    done = subprocess.run([given.swarm, mode, *map(str, words), "--quiet", "--report", str(report)], capture_output=True, text=True,
                          timeout=timeout)
    if not report.exists():
        raise RuntimeError(f"rollcall-swarm {mode}: {done.stdout}{done.stderr}")
    return json.loads(report.read_text())


def brief(report):
    """What of a report the table needs."""
    found = {"perSecond": report["perSecond"], "p99Milliseconds": report["latencyMicroseconds"]["p99"] / 1000,
             "failures": sum(report["failures"].values()), "failuresByCode": report["failures"], "deferred": report["deferred"], "seconds": report["seconds"],
             "acknowledged": report["acknowledged"], "mostOpenConnections": report["mostOpenConnections"]}
    if report.get("controller"):
        found["controllerMicroseconds"] = report["controller"]["cpuMicrosecondsPerOperation"]
        found["controllerPeakBytes"] = report["controller"]["peakBytes"]
    if report.get("generator"):
        found["generatorMicroseconds"] = report["generator"]["cpuMicrosecondsPerOperation"]
    return found | ({"restart": report["restart"]} if report.get("restart") else {})


# MARK: - Queries


def told(count, path):
    return [path] * count


def queries(given, api, devices):
    """Name, the issue's limit in milliseconds, and the paths asked for."""
    draw = random.Random(1)
    count = given.queries

    def numbers():
        return [draw.randrange(devices) for _ in range(count)]

    districts, after = [], None
    while True:
        page = json.loads(api.get("/api/v1/districts?limit=200" + (f"&after={after}" if after else ""))[1])
        districts += [item["id"] for item in page["items"]]
        after = page.get("next")
        if not after:
            break
    stages, verdicts = ("enrolled", "delivered", "in-service", "assigned"), ("well", "attention", "failing")
    return [
        ("by serial", 5, [f"/api/v1/devices?serial=SW0001{number:07}" for number in numbers()]),
        ("by asset tag", 5, [f"/api/v1/devices?assetTag=RC{number:07}" for number in numbers()]),
        ("by host name", 5, [f"/api/v1/devices?hostname=lt-sw0001{number:07}" for number in numbers()]),
        ("list with three filters, first page", 30,
         [f"/api/v1/devices?district={draw.choice(districts)}&stage={draw.choice(stages)}&health={draw.choice(verdicts)}" for _ in range(count)]),
        ("a district's health counts", 50, [f"/api/v1/districts/{draw.choice(districts)}/health" for _ in range(count)]),
        ("the state's health counts", 500, told(min(count, 100), "/api/v1/health")),
        ("who has a package, state", 100, [f"/api/v1/software/devices?name={package(draw.randrange(PACKAGES))}" for _ in range(count)]),
    ]


def package(number):
    stems = ("lib", "python3-", "fonts-", "linux-", "gnome-", "texlive-", "gir1.2-", "xserver-xorg-", "kde-", "perl-")
    return f"{stems[number % 10]}school{number:05}"


def ask(given, controller, devices):
    api, found = Operator(controller), {}
    for name, limit, paths in queries(given, api, devices):
        status = api.get(paths[0])[0]
        if status in (400, 404):
            found[name] = {"missing": f"{status} for {paths[0]}", "limit": limit}
            continue
        for path in paths[:50]:  # warm
            api.get(path)
        times, bad, empty = [], 0, 0
        for path in paths:
            status, body, spent = api.get(path)
            times.append(spent)
            bad += status != 200
            empty += b'"items":[]' in body
        times.sort()
        found[name] = {"p50": times[len(times) // 2], "p99": times[max(0, -(-99 * len(times) // 100) - 1)], "worst": times[-1], "count": len(times),
                       "bad": bad, "empty": empty, "limit": limit}
    return found


# MARK: - Sizes


def naive(devices, folder, server):
    """What one row for each device and package would take: 300 devices' rows, really written, times the rest."""
    sample = min(devices, 300)
    rows = ((f"district-{device % 7}", f"dev_{device:016}", package(number), f"1:1.{number % 40}.{device % 97}-2+deb12u1", "amd64", "dpkg")
            for device in range(sample) for number in range(PACKAGES))
    table = """CREATE TABLE naive (district_id TEXT NOT NULL, device_id TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
        architecture TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (district_id, device_id, name, architecture))"""
    if server:
        text = folder / "naive.tsv"
        text.write_text("".join("\t".join(row) + "\n" for row in rows))
        os.chmod(text, 0o644)
        server.create("naive")
        try:
            server.sql(table, "naive")
            server.sql(f"\\copy naive FROM '{text}'", "naive")
            size = int(server.sql("SELECT pg_total_relation_size('naive')", "naive"))
        finally:
            server.drop("naive")
            text.unlink()
    else:
        path = folder / "naive.sqlite"
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute(table)
            database.executemany("INSERT INTO naive VALUES (?, ?, ?, ?, ?, ?)", rows)
            database.commit()
        size = path.stat().st_size
        path.unlink()
    return {"rows": devices * PACKAGES, "bytes": size * devices // sample, "sampledDevices": sample}


def size(state, server, database):
    if server:
        server.sql("VACUUM ANALYZE", database)
        tables = server.sql("""SELECT relname || ' ' || pg_total_relation_size(oid) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY pg_total_relation_size(oid) DESC LIMIT 12""", database)
        return int(server.sql("SELECT pg_database_size(current_database())", database)), dict(
            (line.split()[0], int(line.split()[1])) for line in tables.splitlines())
    path = state / "rollcall.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            tables = dict(connection.execute("""SELECT t.tbl_name, SUM(s.pgsize) FROM dbstat AS s JOIN sqlite_schema AS t ON t.name = s.name
                GROUP BY t.tbl_name ORDER BY 2 DESC LIMIT 12""").fetchall())
        except sqlite3.OperationalError:  # Python's SQLite may be built without dbstat
            tables = {}
    return path.stat().st_size, tables


# MARK: - One state


def enrol(given, controller, fresh):
    """An enrolment storm of devices that nobody knew."""
    district = json.loads(Operator(controller).get("/api/v1/districts?limit=1")[1])["items"][0]["id"]
    environment = dict(os.environ, XDG_CONFIG_HOME=str(given.room / "operator"))

    def rollcall(*words):
        done = subprocess.run([given.programs / "rollcall", *words], env=environment, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise RuntimeError(f"rollcall {words[0]} {words[1]}: {done.stderr}")

    numbers = ("--devices", str(fresh), "--first", "5000000")
    serials, token = given.room / "serials.csv", given.room / "token"
    token.unlink(missing_ok=True)
    serials.write_text(subprocess.run([given.swarm, "serials", *numbers], check=True, capture_output=True, text=True).stdout)
    rollcall("login", "--server", f"https://localhost:{controller.people}", "--ca", str(controller.state / "ca/root.pem"), "--token-file",
             str(controller.state / "admin.token"))
    rollcall("batch", "create", "--district", district, "--id", "storm", "--serials", str(serials))
    rollcall("token", "create", "--district", district, "--batch", "storm", "--uses", str(fresh), "--output-file", str(token))
    return brief(swarm(given, "enrol", *to(controller), *numbers, "--token-file", token, "--fleet", given.room / "storm.tsv",
                       "--connections", "32"))


def to(controller):
    return ("--target", f"127.0.0.1:{controller.devices}", "--root", controller.state / "ca/root.pem", "--controller-pid", controller.process.pid)


def rates(given, controller, fleet, devices, server):
    """Check-ins with a handshake each and kept alive; of a fleet in which a tenth has changed facts, and of one in which nothing has."""
    found = {}
    handshake, kept = ("--connections", "64"), ("--connections", "256", "--keep-alive")
    for name, words, changed in (("handshake", handshake, 0.1), ("keptAlive", kept, 0.1),
                                 ("handshakeUnchanged", handshake, 0), ("keptAliveUnchanged", kept, 0)):
        before = server.cpu() if server else 0
        report = swarm(given, "steady", *to(controller), "--fleet", fleet, "--duration", given.seconds, "--warmup", "2", "--changed", changed, *words)
        found[name] = brief(report)
        if server:
            found[name]["databaseMicroseconds"] = 1e6 * (server.cpu() - before) / max(1, report["acknowledged"])
    # At rates whose moments do not wait for answers: latencies are corrected for coordinated omission. What gathers while the load
    # generator makes its connections is worked off before anything is counted.
    for name, words in (("handshakeAtRate", ("--rate", "600", "--connections", "512")),
                        ("keptAliveAtRate", ("--rate", "5000", "--connections", min(2000, devices), "--keep-alive"))):
        report = swarm(given, "steady", *to(controller), "--fleet", fleet, "--duration", given.seconds, "--warmup", "20", "--changed", 0.1, *words)
        found[name] = brief(report)
    return found


def warm(folder):
    """Reads a state's files once: the figures are of a controller that works, not of one whose files nobody has read for an hour."""
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError), open(path, "rb") if path.is_file() else contextlib.nullcontext() as file:
            while file and file.read(1 << 22):
                pass


def settle(controller, server):
    """Waits until nothing is caught up with any more, such as the places of the seeded journal's entries; the seconds that it took."""
    def spent():
        fields = pathlib.Path(f"/proc/{controller.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") + (server.cpu() if server else 0)
    began, quiet = time.monotonic(), 0
    while quiet < 2 and time.monotonic() - began < 1800:
        before = spent()
        time.sleep(2)
        quiet = quiet + 1 if spent() - before < 0.1 else 0
    return time.monotonic() - began


def measure(given, engine, devices, server):
    state, fleet = given.room / f"{engine}-{devices}", given.room / f"{engine}-{devices}.fleet"
    database = f"rollcall_{devices}"
    found = {"engine": engine, "devices": devices, "at": f"{datetime.datetime.now():%Y-%m-%d %H:%M}", "kernel": platform.release()}
    words = ("--database", server.create(database)) if server else ()
    subprocess.run([given.programs / "rollcalld", "init", "--state", str(state), *words], check=True, capture_output=True, timeout=300)
    say(f"{engine}, {devices:,} devices: seeding")
    before = server.cpu() if server else 0
    found["seed"] = swarm(given, "seed", "--state", state, "--fleet", fleet, "--devices", devices, "--districts", min(DISTRICTS, devices),
                          "--packages", PACKAGES)
    if server:
        found["seed"]["databaseCpuSeconds"] = server.cpu() - before
    found["bytes"], found["tables"] = size(state, server, database)
    found["naive"] = naive(devices, given.room, server)
    say(f"{engine}, {devices:,} devices: {found['seed']['seconds']:.0f} s, {found['bytes'] / 2**30:.2f} GiB; check-ins")
    with Controller(given.programs, state) as controller:
        found["startSeconds"], found["memoryAtStart"] = controller.start_seconds, controller.memory()
        found["settledSeconds"] = settle(controller, server)
        warm(server.folder if server else state)
        found |= rates(given, controller, fleet, devices, server)
        found["enrol"] = enrol(given, controller, given.fresh)
        say(f"{engine}, {devices:,} devices: {found['handshake']['perSecond']:.0f}/s, kept alive {found['keptAlive']['perSecond']:.0f}/s; queries")
        warm(server.folder if server else state)
        found["queries"] = ask(given, controller, devices)
        if "reports" in given.parts:
            say(f"{engine}, {devices:,} devices: overview, lists, files")
            found["reports"] = reports.figures(given, controller)
    if "search" in given.parts:
        say(f"{engine}, {devices:,} devices: roster, search")
        found["search"] = search.figures(given, engine, state, server, database, devices, devices * 9 // 8)
    if "restart" in given.parts:
        # A controller that has just come back, as after the power cut.
        with Controller(given.programs, state) as controller:
            say(f"{engine}, {devices:,} devices: restart, about {devices / found['handshake']['perSecond']:.0f} s")
            found["restart"] = brief(swarm(given, "restart", *to(controller), "--fleet", fleet, "--connections", given.connections,
                                           "--expected-rate", found["handshake"]["perSecond"], "--sample-every", "10", timeout=24 * 3600))
    if "slow" in given.parts and not server:
        say(f"{engine}, {devices:,} devices: fsync slowed to 2 ms")
        found["slowFsync"] = kept_alive(given, Controller(given.programs, state, slow(given)), fleet)
    if server:
        server.drop(database)
    shutil.rmtree(state)
    fleet.unlink()
    return found


def slow(given):
    """The environment in which fsync takes 2 ms."""
    return {"LD_PRELOAD": str(given.shim), "SLOW_FSYNC_MICROSECONDS": "2000"}


def kept_alive(given, controller, fleet):
    with controller:
        return brief(swarm(given, "steady", *to(controller), "--fleet", fleet, "--duration", given.seconds, "--warmup", "2", "--connections", "256",
                           "--keep-alive", "--changed", "0.1"))


def slowed_postgres(given):
    """A server of its own whose fsync takes 2 ms, with a small state."""
    with Postgres(slow(given)) as server:
        state, fleet = given.room / "slow", given.room / "slow.fleet"
        address = server.create("slow")
        subprocess.run([given.programs / "rollcalld", "init", "--state", str(state), "--database", address], check=True, capture_output=True,
                       timeout=300)
        swarm(given, "seed", "--state", state, "--fleet", fleet, "--devices", 4000, "--districts", 20)
        return {"check-ins kept alive": kept_alive(given, Controller(given.programs, state), fleet)} | stores(given, state, fleet)


def stores(given, state, fleet, environment=None):
    """The store alone: check-ins handed to it within the load generator's own process, of a fleet in which nothing or a tenth has changed."""
    return {"the store alone, nothing new": store(given, state, fleet, 0, environment),
            "the store alone, a tenth changed": store(given, state, fleet, 0.1, environment)}


def store(given, state, fleet, changed, environment):
    report = given.room / "store.json"
    done = subprocess.run([given.swarm, "store", "--state", str(state), "--fleet", str(fleet), "--duration", str(given.seconds), "--changed",
                           str(changed), "--report", str(report), "--quiet"], env=dict(os.environ, **(environment or {})), capture_output=True, text=True, timeout=3600)
    if done.returncode:
        return {"missing": done.stderr.strip()[-300:]}
    return brief(json.loads(report.read_text()))


def slowed_sqlite_store(given):
    state, fleet = given.room / "slow-sqlite", given.room / "slow-sqlite.fleet"
    subprocess.run([given.programs / "rollcalld", "init", "--state", str(state)], check=True, capture_output=True, timeout=300)
    swarm(given, "seed", "--state", state, "--fleet", fleet, "--devices", 4000, "--districts", 20)
    return stores(given, state, fleet, slow(given))


# MARK: - What is written


def say(line):
    print(f"{datetime.datetime.now():%H:%M:%S} {line}", file=sys.stderr, flush=True)


def table(results):
    """The Markdown of all that was measured, a column for each engine and size."""
    runs = results["runs"]

    def row(name, value, limit=""):
        cells = []
        for run in runs:
            try:
                cells.append(value(run))
            except (KeyError, TypeError):
                cells.append("–")
        return f"| {name} | " + " | ".join(cells) + f" | {limit} |"

    def rate(name, key, limit):
        return [
            row(name, lambda run: f"{run[key]['perSecond']:,.0f}/s, p99 {run[key]['p99Milliseconds']:.0f} ms, {run[key]['failures']} failed", limit),
            row("… controller, load generator, CPU each",
                lambda run: f"{run[key]['controllerMicroseconds']:.0f} µs, {run[key]['generatorMicroseconds']:.0f} µs"),
        ]

    lines = ["| what | " + " | ".join(f"{run['engine']}, {run['devices']:,}" for run in runs) + " | limit at 400,000 |",
             "| --- |" + " --- |" * (len(runs) + 1)]
    lines.append(row("seeded in", lambda run: f"{run['seed']['seconds']:.0f} s, {run['seed']['perSecond']:,.0f}/s", "600 s"))
    lines.append(row("whole database", lambda run: f"{run['bytes'] / 2**30:.2f} GiB, {run['bytes'] / run['devices']:,.0f} B a device",
                     "SQLite 2 GiB, PostgreSQL 4 GiB"))
    lines.append(row("one row a device and package", lambda run: f"{run['naive']['rows']:,} rows, {run['naive']['bytes'] / 2**30:.1f} GiB"))
    lines.append(row("controller starts in, then weighs", lambda run: f"{run['startSeconds']:.1f} s, {run['memoryAtStart'] / 1e6:.0f} MB"))
    lines.append(row("… and has given the seeded journal's entries their places after", lambda run: f"{run['settledSeconds']:.0f} s"))
    lines += rate("check-in, full handshake each", "handshake", "600/s, p99 250 ms")
    lines += rate("check-in, kept alive", "keptAlive", "5,000/s, p99 250 ms")
    lines += rate("check-in of an unchanged device, full handshake", "handshakeUnchanged", "600/s, p99 250 ms")
    lines += rate("check-in of an unchanged device, kept alive", "keptAliveUnchanged", "5,000/s, p99 250 ms")
    lines += rate("at 600/s, full handshake each, latency from the intended moment", "handshakeAtRate", "p99 250 ms")
    lines += rate("at 5,000/s, 2,000 devices kept alive, latency from the intended moment", "keptAliveAtRate", "p99 250 ms")
    lines.append(row("check-in, kept alive, fsync 2 ms", lambda run: f"{run['slowFsync']['perSecond']:,.0f}/s", "4,000/s"))
    lines += rate("enrolment: key, request, certificate", "enrol", "250/s")
    names = list(dict.fromkeys(name for run in runs for name in run.get("queries", {})))
    for name in names:
        def query(run, name=name):
            found = run["queries"][name]
            return "no such route" if "missing" in found else f"{found['p99']:.1f} ms" + (f", {found['bad']} bad" if found["bad"] else "")
        limit = next((run["queries"][name]["limit"] for run in runs if name in run.get("queries", {})), "")
        lines.append(row(f"p99: {name}", query, f"{limit} ms"))
    lines.append(row("restart: all in after", lambda run: f"{run['restart']['seconds']:,.0f} s, {run['restart']['restart']['missing']} missing", "none lost"))
    lines.append(row("… to what admission predicts", lambda run: f"{run['restart']['restart']['ratio']:.2f}", "0.8 to 1.2"))
    lines.append(row("… refused, open at once", lambda run: f"{run['restart']['deferred']:,}, {run['restart']['mostOpenConnections']:,}"))
    lines.append(row("… controller's peak", lambda run: f"{run['restart']['controllerPeakBytes'] / 1e6:.0f} MB", "500 MB"))
    for name, found in results.get("slow", {}).items():
        for part, figures in found.items():
            told_figure = figures.get("missing") or f"{figures['perSecond']:,.0f}/s"
            lines.append(f"\n{name}, fsync 2 ms, {part}: {told_figure}")
    return "\n".join(lines) + "\n"


def keep(given, results):
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "scale.json").write_text(json.dumps(results, indent=1))
    (given.output / "scale.md").write_text(table(results))
    (given.output / "scale.svg").write_text(plot(results["runs"]))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, type=pathlib.Path)
    parser.add_argument("--swarm", required=True, type=pathlib.Path)
    parser.add_argument("--devices", nargs="+", type=int, default=[4000, 40_000, 400_000])
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("var/scale"))
    parser.add_argument("--room", type=pathlib.Path, help="where states are made; 10 GiB at 400,000 devices; by default a temporary folder")
    parser.add_argument("--seconds", type=int, default=20, help="of each rate")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--fresh", type=int, default=2000, help="devices of the enrolment storm")
    parser.add_argument("--connections", type=int, default=5000,
                        help="open at once in the restart; past what a listener and its backlog hold, connections wait for TCP to try again")
    parser.add_argument("--parts", nargs="*", choices=["restart", "slow", "reports", "search"], default=["restart", "slow"],
                        help="beside check-ins and queries; reports and search (which brings a roster) spare these benchmarks their own seeding")
    parser.add_argument("--more", action="store_true", help="keep what the output folder has of other engines and sizes")
    given = parser.parse_args()
    given.programs, given.swarm = given.programs.resolve(), given.swarm.resolve()
    return given


def main():
    # They need this file's functions, so that they are known only now.
    global reports, search
    import reports
    import search
    given = arguments()
    # Told to end, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="rollcall-scale-", dir=given.room) as room:
        given.room = pathlib.Path(room)
        # PostgreSQL reads the shim and a sample from here, as nobody.
        given.room.chmod(0o755)
        given.shim = given.room / "slow-fsync.so"
        if "slow" in given.parts:
            subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(given.shim), str(BENCH / "slow-fsync.c"), "-ldl"], check=True)
        results = {"at": f"{datetime.datetime.now():%Y-%m-%d %H:%M}", "cores": os.cpu_count(), "kernel": platform.release(), "runs": []}
        if given.more and (given.output / "scale.json").exists():
            results = {**json.loads((given.output / "scale.json").read_text()), **results,
                       "runs": json.loads((given.output / "scale.json").read_text())["runs"]}
        for engine in given.engines:
            with Postgres() if engine == "postgres" else contextlib.nullcontext() as server:
                for devices in sorted(given.devices):
                    run = measure(given, engine, devices, server)
                    others = [other for other in results["runs"] if (other["engine"], other["devices"]) != (engine, devices)]
                    results["runs"] = sorted([*others, run], key=lambda run: (run["engine"] != "sqlite", run["devices"]))
                    keep(given, results)
        if "slow" in given.parts:
            results.setdefault("slow", {})
            for engine in given.engines:
                say(f"{engine}: the store alone, fsync slowed to 2 ms")
                results["slow"][engine] = slowed_postgres(given) if engine == "postgres" else slowed_sqlite_store(given)
                keep(given, results)
        print(table(results))


if __name__ == "__main__":
    main()
