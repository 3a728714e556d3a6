"""The help desk's search: seeds a state of devices, gives it a roster, and asks for people and devices of every kind, one after another.

Usage: bench/search.py --programs bin --swarm PATH [--devices 400000] [--users 450000] [--districts 140] [--engines sqlite postgres]
       [--queries 1000] [--output var/search]
Names are invented from syllables, a few of them common and most rare, as names are. Each query goes over one kept connection; what is told is
the controller's own time for it, from its metrics before and after (the mean), and the time as the client sees it (p50, p99), which has
the loopback, TLS and JSON in it. Nothing is asked twice in the same words, so nothing but the database's own pages is warm.
"""

import argparse
import contextlib
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse

BENCH = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))

import roster  # noqa: E402
import scale  # noqa: E402
from postgres import Postgres  # noqa: E402

LIMIT = 10  # ms, of the issue
SYLLABLES = ["ba", "be", "bo", "ca", "cha", "da", "de", "do", "el", "fa", "fer", "ga", "gon", "ha", "her", "ja", "jo", "ka", "ke", "la", "le", "lin",
             "lo", "ma", "mar", "me", "mi", "mo", "na", "nan", "ne", "no", "o", "pa", "pe", "ra", "re", "ri", "ro", "sa", "sal", "se", "sha",
             "son", "ta", "te", "ti", "to", "va", "ve", "vi", "wa", "wil", "ya", "ye", "yu", "za", "zo"]


class Names:
    """Given names of 2,000 and family names of 60,000; the most common one has one person in a hundred, as in real lists."""

    def __init__(self):
        draw = random.Random(7)

        def make(count, least, most):
            found = []
            known = set()
            while len(found) < count:
                word = "".join(draw.choice(SYLLABLES) for _ in range(draw.randint(least, most))).capitalize()
                if word not in known and len(word) > 2:
                    known.add(word)
                    found.append(word)
            return found

        self.given, self.family = make(2_000, 2, 3), make(60_000, 2, 4)
        self.draw = draw
        self.people = {}

    def of(self, kind, number):
        if kind == "g":
            return "Guardian", f"Ofnumber{number}"
        if (kind, number) not in self.people:
            self.people[kind, number] = (self.pick(self.given), self.pick(self.family))
        return self.people[kind, number]

    def pick(self, names):
        # The rank of a name is nearly inverse to how many bear it.
        return names[(int(len(names) ** self.draw.random() * 8) - 8) % len(names)]


def wrong(draw, word):
    """With one error as people make them."""
    letters = list(word)
    place = draw.randrange(max(1, len(letters) - 1))
    kind = draw.randrange(4)
    if kind == 0:
        del letters[place]
    elif kind == 1:
        letters.insert(place, draw.choice("aeiourst"))
    elif kind == 2:
        letters[place] = draw.choice("aeiourst")
    else:
        letters[place], letters[place + 1] = letters[place + 1], letters[place]
    return "".join(letters)


def queries(names, devices, users, count, districts, largest):
    """Name, and what is typed with the district that it is typed in, which knows it; the state where there is none.

    `largest` is the district of the fleet's first devices, and how many those are.
    """
    draw = random.Random(11)
    people = [(number, *person) for (kind, number), person in names.people.items() if kind == "u"]
    students, guardians = users * 10 // 17, users * 6 // 17

    def named(shape):
        """A school's number, and so a student's, tells the district (roster.py)."""
        drawn = [draw.choice(people) for _ in range(count)]
        return [(shape(given, family), districts[number % len(districts)]) for number, given, family in drawn]

    def numbered(many, shape):
        return [(shape(number), districts[number % len(districts)]) for number in (draw.randrange(many) for _ in range(count))]

    def device(shape):
        return [(shape(draw.randrange(largest[1])), largest[0]) for _ in range(count)]

    def anywhere(shape):
        return [(shape(draw.randrange(devices)), None) for _ in range(count)]

    kinds = {
        "both names": named(lambda given, family: f"{family} {given}"),
        "family name alone": named(lambda given, family: family),
        "given name, family name begun": named(lambda given, family: f"{given} {family[:3]}"),
        "first letters of one name": named(lambda given, family: family[:draw.randint(2, 4)]),
        "both names, an error in one": named(lambda given, family: f"{given} {wrong(draw, family)}"),
        "both names, an error in each": named(lambda given, family: f"{wrong(draw, given)} {wrong(draw, family)}"),
        "family name with an error": named(lambda given, family: wrong(draw, family)),
        "a name that nobody has": named(lambda given, family: f"{family[::-1]}x {given[::-1]}"),
        "student's number": numbered(students, str),
        "guardian's e-mail address": numbered(guardians, lambda number: f"g{number}@example.test"),
        "guardian's telephone number": numbered(guardians, lambda number: f"555-{number:07d}"),
    }
    for kind, typed in kinds.items():
        yield f"{kind}, state", [(text, None) for text, _ in typed]
        yield f"{kind}, district", typed
    for kind, shape in {
        "serial": lambda number: f"SW0001{number:07}", "a serial's beginning": lambda number: f"SW0001{number:07}"[:-2],
        "a serial's last 5": lambda number: f"{number:07}"[-5:], "asset tag": lambda number: f"RC{number:07}",
        "host name": lambda number: f"lt-sw0001{number:07}",
    }.items():
        yield f"{kind}, state", anywhere(shape)
        yield f"{kind}, district", device(shape)


def spent(api):
    """Answered searches, and the controller's microseconds for them."""
    text = api.get("/metrics")[1].decode()

    def sum_of(name):
        return sum(float(value) for value in re.findall(rf'^{name}{{[^}}]*operation="search"[^}}]*}} (\S+)$', text, re.MULTILINE))
    return sum_of("rollcall_http_requests_total"), sum_of("rollcall_http_request_microseconds_total")


def ask(given, controller, names, districts, devices, users):
    api, found = scale.Operator(controller), {}
    largest = max(json.loads(api.get("/api/v1/health")[1])["districts"], key=lambda district: district["total"])
    for name, typed in queries(names, devices, users, given.queries, districts, (largest["district"], largest["total"])):
        paths = ["/api/v1/search?" + urllib.parse.urlencode({"q": text} | ({"district": district} if district else {})) for text, district in typed]
        for path in paths[:5]:
            api.get(path)
        before = spent(api)
        times, bad, empty = [], 0, 0
        for path in paths:
            status, body, took = api.get(path)
            times.append(took)
            bad += status != 200
            found_any = json.loads(body)
            empty += not found_any["devices"] and not found_any["people"]
        after = spent(api)
        worst = paths[max(range(len(times)), key=times.__getitem__)]
        times.sort()
        found[name] = {"server_mean_ms": round((after[1] - before[1]) / 1000 / max(1, after[0] - before[0]), 2),
                       "p50_ms": round(times[len(times) // 2], 2), "p99_ms": round(times[max(0, -(-99 * len(times) // 100) - 1)], 2),
                       "worst_ms": round(times[-1], 2), "worst": worst, "count": len(times), "bad": bad, "empty": empty}
        print(f"{name:48} server {found[name]['server_mean_ms']:7.2f}  p50 {found[name]['p50_ms']:7.2f}  p99 {found[name]['p99_ms']:7.2f}  "
              f"empty {empty}{'  OVER' if found[name]['p99_ms'] > LIMIT else ''}{f'  BAD {bad}' if bad else ''}", flush=True)
    return found


def fill(given, controller, users, names):
    """Imports a roster of `users` people; the districts' codes, and seconds for it, and again with nothing changed, with the memory of each."""
    api, found = scale.Operator(controller), {}
    districts, after = [], ""
    while after is not None:
        page = json.loads(api.get(f"/api/v1/districts?limit=200{after}")[1])
        districts += [item["id"] for item in page["items"]]
        after = f"&after={page['next']}" if page.get("next") else None
    archive, _, _ = roster.export(users, len(districts), names=names.of, codes=districts)
    for title in ("import", "importAgain"):
        process = controller.process.pid
        found[f"{title}MBBefore"] = round(roster.memory(process, "VmRSS"))
        pathlib.Path(f"/proc/{process}/clear_refs").write_text("5")
        began = time.monotonic()
        api.connection.connect()
        api.connection.sock.settimeout(1800)
        api.connection.request("POST", "/api/v1/roster/imports", body=archive, headers={
            "Authorization": f"Bearer {api.token}", "Content-Type": "application/zip"})
        answer = api.connection.getresponse()
        told = answer.read()
        if answer.status != 200:
            raise RuntimeError(told[:2000].decode())
        found[f"{title}Seconds"] = round(time.monotonic() - began, 1)
        found[f"{title}MBHighest"] = round(roster.memory(process, "VmHWM"))
        print(f"{users:,} people of {len(districts)} districts in {found[f'{title}Seconds']} s, {found[f'{title}MBHighest']} MB", flush=True)
    return districts, found


def figures(given, engine, state, server, database, devices, users):
    """Gives a seeded state its roster, and searches."""
    names = Names()
    found = {"engine": engine, "devices": devices, "users": users, "bytesBefore": scale.size(state, server, database)[0]}
    with scale.Controller(given.programs, state) as controller:
        districts, took = fill(given, controller, users, names)
        found |= took | {"districts": len(districts)}
        scale.settle(controller, server)
    # As the server's own housekeeping would some time later; the controller's connections are made anew.
    found["bytes"], found["tables"] = scale.size(state, server, database)
    with scale.Controller(given.programs, state) as controller:
        scale.settle(controller, server)
        scale.warm(server.folder if server else state)
        found["queries"] = ask(given, controller, names, districts, devices, users)
    over = [name for name, of in found["queries"].items() if of["p99_ms"] > LIMIT]
    print(f"{engine}: p99 over {LIMIT} ms: {', '.join(over) or 'nothing'}", flush=True)
    return found


def measure(given, engine, server, room):
    state, fleet = room / engine, room / f"{engine}.fleet"
    words = ("--database", server.create("search")) if server else ()
    subprocess.run([given.programs / "rollcalld", "init", "--state", str(state), *words], check=True, capture_output=True, timeout=300)
    given.room = room
    scale.swarm(given, "seed", "--state", state, "--fleet", fleet, "--devices", given.devices, "--districts", given.districts, "--packages", "20")
    return figures(given, engine, state, server, "search", given.devices, given.users)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--swarm", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--devices", type=int, default=400_000)
    parser.add_argument("--users", type=int, default=450_000)
    parser.add_argument("--districts", type=int, default=140)
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--output", default="var/search", type=pathlib.Path)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    for engine in given.engines:
        with tempfile.TemporaryDirectory(prefix="rollcall-search-") as folder, (
                Postgres() if engine == "postgres" else contextlib.nullcontext()) as server:
            found = measure(given, engine, server, pathlib.Path(folder))
        (given.output / f"search-{engine}.json").write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
