"""A state's roster through `rollcall roster import`: the first time, again with nothing changed, and again with one in a hundred changed.

Usage: bench/roster.py --programs bin [--users 450000] [--districts 140] [--engine sqlite|postgres] [--output var/roster]
Every person is invented by a count. Prints seconds, and the controller's resident memory: before, and its highest during each import.
"""

import argparse
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import zipfile

BENCH = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))
sys.path.insert(0, str(BENCH.parent / "scripts"))

from controller import Controller  # noqa: E402

GIVEN = ["Ash", "Robin", "Sky", "River", "Sage", "Wren", "Lark", "Rowan", "Indigo", "Juniper", "Marlow", "Quill"]
FAMILY = ["Example", "Fictional", "Madeup", "Pretend", "Invented", "Notreal", "Makebelieve", "Imaginary"]
LEAD = ","


def identifier(kind, number):
    """As long as the identifiers of real systems, which are mostly UUIDs."""
    return f"{kind}{number:07x}-5a5a-4b4b-8c8c-{number * 2654435761 % (1 << 48):012x}"


def export(users, districts, changed=0.0, names=None, codes=None):
    """A OneRoster 1.2 archive: 10 students a guardian pair and a teacher's share, 6 classes a student.

    `names(kind, number)` gives somebody's given and family name, `codes` the districts' codes, where they are others than the usual ones.
    """
    chance = random.Random(1)
    students = users * 10 // 17
    guardians = users * 6 // 17
    teachers = users - students - guardians
    schools = districts * 8
    classes = teachers * 5
    tables = {name: io.StringIO() for name in ("orgs", "users", "roles", "classes", "enrollments")}
    orgs, people, roles, rooms, members = (tables[name] for name in tables)
    orgs.write("sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\r\n")
    people.write(
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,"
        "agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,"
        "preferredFamilyName,primaryOrgSourcedId,pronouns\r\n")
    roles.write("sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\r\n")
    rooms.write("sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
                "termSourcedIds,subjects,subjectCodes,periods\r\n")
    members.write("sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\r\n")
    orgs.write(f"{identifier('s', 0)},{LEAD},Example State,state,,\r\n")
    for number in range(districts):
        orgs.write(f"{identifier('d', number)},{LEAD},District {number},district,{codes[number] if codes else f'district-{number}'},{identifier('s', 0)}\r\n")
    for number in range(schools):
        orgs.write(f"{identifier('o', number)},{LEAD},School {number},school,{number},{identifier('d', number % districts)}\r\n")

    def user(kind, number, role, school, agents=""):
        name = identifier(kind, number)
        given, family = names(kind, number) if names else (
            GIVEN[number % len(GIVEN)], f"{FAMILY[number // 12 % len(FAMILY)]}{number % 997}")
        given += " Jo" if chance.random() < changed else ""
        people.write(
            f"{name},{LEAD},true,{kind}{number}@example.test,,{given},{family},,"
            f"{number if kind == 'u' else ''},{kind}{number}@example.test,,{f'555-{number:07d}' if kind == 'g' else ''},{agents},05,,,,,,,,\r\n")
        roles.write(f"{identifier('r' + kind, number)},{LEAD},{name},primary,{role},,,{identifier('o', school)},\r\n")

    for number in range(guardians):
        user("g", number, "parent", number % schools)
    for number in range(teachers):
        user("t", number, "teacher", number % schools)
    for number in range(classes):
        rooms.write(f"{identifier('c', number)},{LEAD},Class {number},05,,C{number},scheduled,,{identifier('o', number % teachers % schools)},,,,\r\n")
    by_school = {}
    for number in range(classes):
        by_school.setdefault(number % teachers % schools, []).append(number)
    for number in range(students):
        school = number % schools
        own = [identifier("g", g) for g in (number % guardians, (number + schools) % guardians)]
        user("u", number, "student", school, f'"{own[0]},{own[1]}"')
        there = by_school.get(school, [])
        for turn in range(min(4, len(there))):
            room = there[(number // schools + turn) % len(there)]
            members.write(f"{identifier(f'e{turn}', number)},{LEAD},{identifier('c', room)},{identifier('o', school)},{identifier('u', number)},student,false,,\r\n")
    manifest = "propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.2\r\n" + "".join(f"file.{name},bulk\r\n" for name in tables)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("manifest.csv", manifest)
        for name, text in tables.items():
            packed.writestr(f"{name}.csv", text.getvalue())
    rows = {name: text.getvalue().count("\n") - 1 for name, text in tables.items()}
    return archive.getvalue(), rows, sum(len(text.getvalue()) for text in tables.values())


def memory(process, field):
    for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--users", type=int, default=450_000)
    parser.add_argument("--districts", type=int, default=140)
    parser.add_argument("--engine", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--output", default="var/roster", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    results = []
    server = None
    with tempfile.TemporaryDirectory(prefix="rollcall-roster-") as folder:
        if arguments.engine == "postgres":
            from postgres import Postgres
            server = Postgres()
            server.__enter__()
            os.environ["ROLLCALLD_DATABASE"] = server.create("roster")
        try:
            with Controller(arguments.programs, folder) as controller:
                for number in range(arguments.districts):
                    controller.rollcall("district", "create", f"district-{number}", "--name", f"District {number}")
                for title, changed in (("first", 0), ("nothing changed", 0), ("1 % of names changed", 0.01), ("nothing changed", 0.01)):
                    archive, rows, size = export(arguments.users, arguments.districts, changed)
                    path = pathlib.Path(folder) / "export.zip"
                    path.write_bytes(archive)
                    process = controller.process.pid
                    before = memory(process, "VmRSS")
                    pathlib.Path(f"/proc/{process}/clear_refs").write_text("5")
                    began = time.monotonic()
                    done = subprocess.run(
                        [arguments.programs / "rollcall", "roster", "import", str(path), "--state-wide", "--output", "json"],
                        env=controller.environment, capture_output=True, text=True, timeout=900)
                    seconds = time.monotonic() - began
                    if done.returncode:
                        raise RuntimeError(done.stderr[-3000:])
                    changes = json.loads(done.stdout)["changes"]
                    results.append({
                        "import": title, "seconds": round(seconds, 1), "changes": changes, "rss_before_mb": round(before),
                        "rss_highest_mb": round(memory(process, "VmHWM")), "archive_mb": round(len(archive) / 1e6, 1),
                        "unpacked_mb": round(size / 1e6, 1), "rows": rows, "engine": arguments.engine})
                    print(json.dumps(results[-1]), flush=True)
                    (arguments.output / f"roster-{arguments.engine}.json").write_text(json.dumps(results, indent=2))
        finally:
            if server:
                server.__exit__(None, None, None)


if __name__ == "__main__":
    main()
