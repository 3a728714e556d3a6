"""Schemathesis makes requests from the API's own description and asks a real controller with example data whether it keeps it.

Usage: scripts/api/run.py --programs bin [--cases 20] [--seed 1] [--only OPERATION-ID …]
For the state's administrator, and for a district's IT staff: no answer is a fault of the controller (5xx); status, media type and body
of each are as the description says; what the description does not allow is refused, and so is who proves nothing. The ids that requests
name are mostly those of things that there are. Each operation has to succeed for one of the two, but for those that are named below.
The same seed makes the same requests.
"""

import argparse
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from controller import Controller  # noqa: E402

DISTRICTS = {"cedar-falls": ("Cedar Falls (example)", "Otter Creek Elementary (example)", "Heron High (example)", "100000"),
             "maple-hollow": ("Maple Hollow (example)", "Badger Elementary (example)", "Kestrel High (example)", "200000")}
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "negative_data_rejection", "unsupported_method", "ignored_auth"]
# What members of bodies and queries mean, for of texts made up alone next to none is one.
MEANT = {
    "body.to": ["district", "student:100001", "student:100004", "vendor:Depot (example)"], "body.district": list(DISTRICTS),
    "body.id": ["one", "two", "three", "four"], "body.name": ["A name (example)", "Another name (example)"],
    "body.login": [f"person.{number}" for number in range(20)], "body.reason": ["example"], "body.days": [1, 5], "body.uses": [1, 9],
    "body.expiresInDays": [1, 90], "body.expiresInHours": [1, 48], "body.leftDays": [0, 90], "body.closedDays[*]": ["2027-01-18"],
    "body.factHistoryDays": [0, 400], "body.checkInHistoryDays": [0, 400], "body.journalBodyDays": [0, 400],
    "body.columns.number": ["N"], "body.columns.givenName": ["G"], "body.columns.familyName": ["F"],
    "query.purpose": ["family-calls"], "query.district": list(DISTRICTS), "query.limit": ["1", "50"], "query.preview": ["true", "false"],
    "query.left": ["true", "false"], "query.format": ["json", "csv", "xlsx"], "query.allowRemoval": ["0", "100"],
    "query.demographics": ["true", "false"], "query.role": ["student", "help-desk", "read-only"], "query.q": ["acorn example", "CEDAR0", "100001"],
    "query.name": ["bash", "libc6"],
}
# What requests that are made up manage by chance alone: a move needs a device that stands where it begins, a file needs what belongs into
# it, what is taken from somebody has to be theirs. Tests of their own make each of them succeed.
BY_CHANCE = re.compile("|".join([
    r"POST /api/v1/districts/{district}/devices/{device}/[a-z-]+", r"POST /api/v1/districts/{district}/(assignments|returns)",
    r"POST /api/v1/(districts/{district}/)?roster/(imports|undo|mappings)", r"DELETE /api/v1/districts/{district}/roster/persons/{person}",
    r"DELETE /api/v1/(me|accounts/{principal})/sessions/{session}", r"DELETE /api/v1/(districts/{district}/people|principals)/{principal}/grants",
    r"POST /api/v1/districts/{district}/people/{principal}/(disable|reset)", r"POST /api/v1/accounts", r"GET /api/v1/openapi\.json"]))
CONFIGURATION = """
hooks = {hooks}
request-timeout = 60.0
tls-verify = {root}

[auth.openapi.token]
bearer = "${{ROLLCALL_API_TOKEN}}"

[generation]
with-security-parameters = false

{dictionaries}
[parameters]
{parameters}
"""


def example(controller, folder):
    """Two districts with people and laptops, as `make run` has them, but fewer; one laptop reports, and one waits."""
    for code, (name, first, second, number) in DISTRICTS.items():
        controller.rollcall("district", "create", code, "--name", name)
        subprocess.run([HERE.parent / "example/roster.sh", folder / code, code, name, first, second, number], check=True, timeout=60)
        controller.rollcall("roster", "import", str(folder / code), "-d", code)
        # What requests retire does not come back, so there are many.
        rows = [f"{code[:5].upper()}{count:03}" for count in range(60)]
        there, expected = folder / f"{code}.csv", folder / f"{code}-batch.csv"
        for file, serials in ((there, rows[:50]), (expected, rows[50:])):
            file.write_text("serial,assetTag,model\n" + "".join(f"{serial},{serial}-T,Classbook\n" for serial in serials))
        controller.rollcall("device", "import", str(there), "-d", code)
        controller.rollcall("batch", "create", "-d", code, "--id", "example-laptops", "--name", "Example laptops", "--serials", str(expected))
        for place, serial in enumerate(rows[:6]):
            controller.rollcall("assign", serial, "--student", str(int(number) + place), "-d", code)
        controller.rollcall("lost", rows[0], "-d", code, "--reason", "left on the bus (example)")
        controller.rollcall("repair", rows[1], "-d", code, "--category", "screen")
        token = folder / f"{code}.token"
        controller.rollcall("token", "create", "-d", code, "--batch", "example-laptops", "--uses", "9", "--output-file", str(token))
        controller.laptop(folder / f"laptop-{code}", rows[50], 1, token)
        # The same serial with another key; and one that nobody announced.
        controller.laptop(folder / f"again-{code}", rows[51], 2, token)
        controller.laptop(folder / f"once-more-{code}", rows[51], 3, token)
        controller.rollcall("district", "set", code, "--unknown-serials", "pending")
        controller.laptop(folder / f"stranger-{code}", f"STRANGER{number}", 4, token)


def district_it(controller, folder):
    """A token of who holds one role in one district."""
    made = json.loads(controller.rollcall("principal", "create", "--name", "District IT (example)", "--output", "json"))
    controller.rollcall("principal", "grant", made["id"], "--role", "district-it", "--district", "cedar-falls")
    secret = folder / "district-it.token"
    controller.rollcall("api-token", "create", "--principal", made["id"], "--name", "check", "--output-file", str(secret))
    return secret.read_text().strip()


class Asking:
    """The API, read for the ids of what there is."""

    def __init__(self, controller, token):
        self.base, self.token = f"https://localhost:{controller.people_port}", token
        self.trust = ssl.create_default_context(cafile=controller.state / "ca/root.pem")

    def get(self, path):
        headers = {"Authorization": f"Bearer {self.token}"}
        with urllib.request.urlopen(urllib.request.Request(self.base + path, headers=headers), context=self.trust, timeout=60) as answer:
            return json.load(answer)

    def ids(self, path, *members):
        found = self.get(path)
        return [str(item[name]) for item in found["items"] for name in members if item.get(name)]


def spare_person(controller):
    """Somebody with an account and a token, whom requests may do anything to: the callers' own would end the run."""
    made = json.loads(controller.rollcall("principal", "create", "--name", "Spare Person (example)", "--output", "json"))["id"]
    controller.rollcall("account", "create", "spare.person", "--principal", made)
    controller.rollcall("principal", "grant", made, "--role", "help-desk", "--district", "cedar-falls")
    controller.rollcall("api-token", "create", "--principal", made, "--name", "spare")
    return made


def known(controller, asking, document, folder):
    """Ids of what there is, by the names that paths give them."""
    person = spare_person(controller)
    # Things of one district and three times in four that district, so that the two meet.
    names = {"district": ["cedar-falls"] * 3 + ["maple-hollow"], "principal": [person], "batch": ["example-laptops"], "mapping": ["students"],
             "device": asking.ids("/api/v1/devices?limit=200&district=cedar-falls", "id"), "pending": asking.ids("/api/v1/pending", "id"),
             "token": asking.ids(f"/api/v1/principals/{person}/tokens", "id"), "person": []}
    for district in DISTRICTS:
        controller.rollcall("roster", "map", "students", "-d", district, "--role", "student", "--column", "number=N",
                            "--column", "givenName=G", "--column", "familyName=F")
        # The last import can be undone: that must not be the one that brought everybody.
        one = folder / "one.csv"
        one.write_text("N,G,F\n900001,Sample,Example\n")
        controller.rollcall("roster", "import", str(one), "-d", district, "--mapping", "students")
    inside = "/api/v1/districts/cedar-falls"
    names["person"] += asking.ids(inside + "/roster/persons?limit=8", "id")
    names["token"] += asking.ids(inside + "/batches/example-laptops/tokens", "id")
    described = set(re.findall(r"{(\w+)}", " ".join(document["paths"])))
    print(f"ids that are made up: {', '.join(sorted(described - set(names)))}", flush=True)
    for name in described & set(names):
        if not names[name]:
            raise RuntimeError(f"the example has nothing for the path's '{name}'")
    return {name: found[:60] for name, found in names.items() if name in described}


def configure(folder, controller, names):
    """Where a path names something, four of five requests name one that there is; other things are meant more often than not."""
    lines, dictionaries = [], []
    for name, values in names.items():
        dictionaries.append(f"[dictionaries.{name}]\nvalues = {json.dumps(values)}\n")
        lines.append(f'"path.{name}" = {{ dictionary = "{name}", probability = 0.8 }}')
    for place, values in MEANT.items():
        name = re.sub(r"\W+", "-", place).strip("-")
        dictionaries.append(f"[dictionaries.{name}]\nvalues = {json.dumps(values)}\n")
        lines.append(f'"{place}" = {{ dictionary = "{name}", probability = 0.6 }}')
    path = folder / "schemathesis.toml"
    path.write_text(CONFIGURATION.format(hooks=json.dumps(str(HERE / "hooks.py")), root=json.dumps(str(controller.state / "ca/root.pem")), parameters="\n".join(lines),
                                         dictionaries="\n".join(dictionaries)))
    return path


def succeeded(requests, document):
    """The operations, by method and path, that had at least one success, and all that there are."""
    patterns = {(method.upper(), path): re.compile(re.sub(r"{\w+}", "[^/]+", path)) for path, methods in document["paths"].items()
                for method in methods}
    found = set()
    for entry in json.loads(requests.read_text())["log"]["entries"]:
        if 200 <= entry["response"]["status"] < 300:
            asked = (entry["request"]["method"], urllib.parse.urlsplit(entry["request"]["url"]).path)
            found |= {key for key, pattern in patterns.items() if key[0] == asked[0] and pattern.fullmatch(asked[1])}
    return found, set(patterns)


def check(controller, who, token, configuration, options, folder, document):
    """The token goes by the environment, for a program's arguments are seen by all."""
    requests = folder / "requests.har"
    print(f"\n== {who}", flush=True)
    words = [pathlib.Path(sys.executable).with_name("schemathesis"), "--config-file", configuration, "run",
             f"https://localhost:{controller.people_port}/api/v1/openapi.json", "--phases", "coverage,fuzzing",
             "--checks", ",".join(options.checks.split(",") if options.checks else CHECKS), "--max-examples", str(options.cases),
             "--seed", str(options.seed), "--generation-database", "none", "--continue-on-failure", "--no-color",
             "--suppress-health-check", "all", "--warnings", "off", "--workers", "1", "--report", "har", "--report-har-path", requests]
    for name in options.only:
        words += ["--include-operation-id", name]
    # Its own folder: Schemathesis keeps files where it runs.
    code = subprocess.run(words, env=dict(os.environ, ROLLCALL_API_TOKEN=token), cwd=folder).returncode
    found, every = succeeded(requests, document)
    print(f"{who}: {len(found)} of {len(every)} operations had a success; without one: "
          f"{', '.join(sorted(f'{method} {path}' for method, path in every - found)) or 'none'}", flush=True)
    return code, {f"{method} {path}" for method, path in found}, {f"{method} {path}" for method, path in every}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", default="bin")
    parser.add_argument("--cases", type=int, default=20, help="made for each operation, besides those that its schema's limits make")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="ids of operations")
    parser.add_argument("--checks", help="instead of all")
    options = parser.parse_args()
    failed, without = [], None
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        with Controller(options.programs, folder) as controller:
            example(controller, folder)
            administrator = (controller.state / "admin.token").read_text().strip()
            staff = district_it(controller, folder)
            asking = Asking(controller, administrator)
            document = asking.get("/api/v1/openapi.json")
            configuration = configure(folder, controller, known(controller, asking, document, folder))
            for who, token in (("the state's administrator", administrator), ("a district's IT staff", staff)):
                code, found, every = check(controller, who, token, configuration, options, folder, document)
                if code:
                    failed.append(who)
                without = (every if without is None else without) - found
            log = controller.log.read_text(errors="replace")
            asking.get("/api/v1/me")
        for line in [line for line in log.splitlines() if "request failed" in line][:20]:
            print(line)
            failed.append("the controller's log")
    missing = [] if options.only else sorted(name for name in without if not BY_CHANCE.fullmatch(name))
    for name in missing:
        print(f"no request of anybody succeeded: {name}. Give the example what it needs, or say in BY_CHANCE why it cannot.")
    if missing:
        failed.append("operations that nobody succeeded with")
    if failed:
        sys.exit(f"not as described: {', '.join(dict.fromkeys(failed))}")
    print("Every answer is as the description says.")


if __name__ == "__main__":
    main()
