"""A district with a school, students and devices for the browser's look at the help desk's pages."""

import csv
import pathlib
import re
import subprocess

READINGS = pathlib.Path(__file__).resolve().parent.parent / "example" / "readings.sh"
HOSTILE_MODELS = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "\u202egnp.exe", "y" * 128]

ROSTER = {
    "manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.orgs,bulk\nfile.users,bulk\n"
                    "file.classes,bulk\nfile.enrollments,bulk\n",
    "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
                "d,,,Cedar Falls,district,cedar-falls,\ns,,,North Elementary,school,,d\n",
    "users.csv": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
                 "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
                 "u1,,,true,s,student,,,Olivia,Example,,1001,,,,,05,\nu2,,,true,s,student,,,\"<b>Oscar</b>\",Example,,1002,,,,,05,\n",
    "classes.csv": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,"
                   "schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\nbio,,,Biology 5,05,,BIO,homeroom,,s,,,,\n",
    "enrollments.csv": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,"
                       "beginDate,endDate\ne1,,,bio,s,u1,student,false,,\ne2,,,bio,s,u2,student,false,,\n",
}


def device(controller, serial):
    listed = controller.rollcall("device", "list", "-d", "cedar-falls", "--serial", serial, "--output", "csv")
    return next(csv.DictReader(listed.splitlines()))["id"]


def make(controller, folder):
    """Devices by name: one that this machine enrolled and reports, others that stand in a file."""
    roster = folder / "roster"
    roster.mkdir()
    for name, text in ROSTER.items():
        roster.joinpath(name).write_text(text)
    controller.rollcall("roster", "import", str(roster), "-d", "cedar-falls", "--allow-removal", "100")
    listed = folder / "devices.csv"
    with open(listed, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["serial", "assetTag", "model"])
        rows.writerow(["PF3XK2M9", "CF-9001", "Latitude 3120"])
        rows.writerow(["LOST0001", "CF-9002", "Latitude 3120"])
        for number, model in enumerate(HOSTILE_MODELS):
            rows.writerow([f"HOSTILE{number}", "", model])
    controller.rollcall("device", "import", str(listed), "-d", "cedar-falls")
    controller.rollcall("assign", "PF3XK2M9", "-d", "cedar-falls", "--student", "1001", "--with", "charger")
    controller.rollcall("repair", "PF3XK2M9", "-d", "cedar-falls", "--category", "screen", "--vendor", "Depot")
    controller.rollcall("repair", "PF3XK2M9", "-d", "cedar-falls", "--done")
    controller.rollcall("assign", "LOST0001", "-d", "cedar-falls", "--student", "1002")
    controller.rollcall("lost", "LOST0001", "-d", "cedar-falls", "--reason", "left on the bus")
    found = {name: device(controller, serial) for name, serial in [("assigned", "PF3XK2M9"), ("lost", "LOST0001")]}
    for number in range(len(HOSTILE_MODELS)):
        found[f"hostile-{number}"] = device(controller, f"HOSTILE{number}")
    controller.rollcall("network", "set", "127.0.0.0/8", "<b>school</b>", "-d", "cedar-falls")
    found["reporting"] = enroll(controller, folder)
    former = folder / "former.json"
    former.write_bytes(subprocess.run([str(READINGS), "4", "worn-battery"], check=True, capture_output=True, timeout=60).stdout)
    controller.rollcall("device", "readings", found["reporting"], "-d", "cedar-falls", "--add", str(former))
    return found


def enroll(controller, folder):
    """This machine, by the agent: its facts, health and software are real."""
    token, state = folder / "browser-token", folder / "browser-agent"
    controller.rollcall("batch", "create", "-d", "cedar-falls", "--id", "browser", "--name", "Browser")
    controller.rollcall("token", "create", "-d", "cedar-falls", "--batch", "browser", "--expires-in-hours", "1", "--uses", "1",
                        "--allow-unidentified", "--output-file", str(token))
    agent = str(controller.programs / "rollcall-agent")
    subprocess.run([agent, "enroll", "--controller", f"https://localhost:{controller.devices_port}", "--token-file", str(token),
                    "--state-dir", str(state)], check=True, capture_output=True, timeout=120)
    subprocess.run([agent, "once", "--state-dir", str(state)], check=True, capture_output=True, timeout=120)
    # The certificate's common name is the device's id.
    subject = subprocess.run(["openssl", "x509", "-in", str(state / "device.pem"), "-noout", "-subject"], check=True, capture_output=True,
                             text=True, timeout=30).stdout
    return re.search(r"dev_[0-9a-z]+", subject).group()
