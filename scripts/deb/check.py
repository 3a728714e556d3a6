#!/usr/bin/env python3
"""Installs, upgrades, interrupts, downgrades and purges the packages by dpkg in a small Debian, and looks at what is there.

Usage: check.py BASE.tar PACKAGES OLD NEW   (run by check.sh; OLD and NEW are Debian versions of packages in PACKAGES)
"""
import re
import sqlite3
import subprocess
import sys
import time

import small_debian
from small_debian import Place, difference

BASE, PACKAGES, OLD, NEW = sys.argv[1:]
ALL = ("rollcall-controller", "rollcall-agent", "rollcall")
SETTINGS, STATE, AGENT_STATE = "/etc/rollcall/rollcalld.yaml", "/var/lib/rollcall", "/var/lib/rollcall-agent"
ENABLED = [
    "multi-user.target.wants/rollcalld.service", "multi-user.target.wants/rollcall-agent.service",
    "timers.target.wants/rollcall-measure.timer", "suspend.target.wants/rollcall-measure.service",
]
SERVE = ("runuser", "-u", "rollcall", "--", "rollcalld", "serve", "--people", "127.0.0.1:18443", "--devices", "127.0.0.1:18444")


def deb(package, version):
    return f"{package}_{version}_amd64.deb"


def debs(version):
    return [deb(package, version) for package in ALL]


def expect(found, wanted, what=""):
    assert found == wanted, f"{what}: found {found!r}, wanted {wanted!r}"


def expect_installed(machine, version, packages=ALL):
    for package in packages:
        expect(machine.status(package), f"install ok installed {version}", package)
    assert machine.settled(), machine.run("dpkg", "--audit")


def set_up(machine):
    """What an operator does first; then the controller serves, and a district is made over its API."""
    machine.run("runuser", "-u", "rollcall", "--", "rollcalld", "init")
    serving(machine, lambda: machine.run("rollcall", "district", "create", "cedar-falls", "--name", "Cedar Falls"))


def serving(machine, body):
    with open(machine.path("/tmp/serve.log"), "wb") as log:
        process = machine.start(*SERVE, stdout=log, stderr=log)
        try:
            for _ in range(300):
                words = machine.run(
                    "rollcall", "login", "--server", "https://127.0.0.1:18443", "--ca", f"{STATE}/ca/root.pem",
                    "--token-file", f"{STATE}/admin.token", succeeds=None)
                if "Signed in" in words:
                    break
                assert process.poll() is None, machine.path("/tmp/serve.log").read_text()
                time.sleep(0.1)
            else:
                raise AssertionError(words)
            return body()
        finally:
            # runuser hands the signal on to its child.
            process.terminate()
            process.wait(timeout=60)


def newer_schema(machine):
    """Makes the database one of a version that does not exist yet."""
    with sqlite3.connect(machine.path(f"{STATE}/rollcall.sqlite")) as database:
        database.execute("INSERT INTO storage_migration (feature, number) SELECT feature, MAX(number) + 1 FROM storage_migration "
                         "GROUP BY feature LIMIT 1")
    database.close()
    machine.run("chown", "-R", "rollcall:rollcall", STATE)


def dumped(machine):
    with sqlite3.connect(machine.path(f"{STATE}/rollcall.sqlite")) as database:
        text = list(database.iterdump())
    database.close()
    machine.run("chown", "-R", "rollcall:rollcall", STATE)
    return text


# MARK: - The tests

def installed(place):
    """Fresh: every program runs, accounts and folders are as they should be, and nothing was set up unasked"""
    machine = place.machine()
    words = machine.install(*debs(NEW))
    assert "rollcalld init" in words, words
    expect_installed(machine, NEW)
    expect(machine.run("dpkg", "--verify", *ALL), "")
    expect(machine.look(SETTINGS), "640 root:rollcall")
    expect(machine.look(STATE), "700 rollcall:rollcall")
    expect(machine.look(AGENT_STATE), "700 rollcall-agent:rollcall-agent")
    expect(list(machine.path(STATE).iterdir()) + list(machine.path(AGENT_STATE).iterdir()), [])
    for account in ("rollcall", "rollcall-agent"):
        assert machine.run("getent", "passwd", account).strip().endswith("/usr/sbin/nologin")
    for link in ENABLED:
        assert machine.path(f"/etc/systemd/system/{link}").is_symlink(), link
    shown = NEW.replace("~", "-")
    expect(machine.run("rollcalld", "--version").strip(), shown)
    expect(machine.run("rollcall", "--version").strip(), shown)
    assert machine.run("rollcall-agent", "version").startswith(f"rollcall-agent {shown},")
    for program in ("rollcall", "rollcalld"):
        machine.run("bash", "-n", f"/usr/share/bash-completion/completions/{program}")
    words = machine.run("rollcalld", "doctor", succeeds=False)
    machine.run("runuser", "-u", "rollcall", "--", "rollcalld", "init", "--if-missing")
    again = machine.install(*debs(NEW))
    assert "rollcalld init" not in again, again
    return machine


def upgraded(place):
    """Upgrade: state, an edited conffile and its mode survive; the new version serves what the old one stored"""
    machine = place.machine()
    machine.install(*debs(OLD))
    set_up(machine)
    settings = machine.path(SETTINGS)
    settings.write_text(settings.read_text() + "check-in-interval: 1234\n")
    machine.run("chmod", "600", SETTINGS)
    machine.run("chown", "rollcall:rollcall", SETTINGS)
    machine.path(AGENT_STATE + "/state.json").write_text("{}")
    before = machine.snapshot("/etc", "/var/lib/rollcall", "/var/lib/rollcall-agent")
    machine.install(*debs(NEW))
    expect_installed(machine, NEW)
    expect(difference(before, machine.snapshot("/etc", "/var/lib/rollcall", "/var/lib/rollcall-agent")), {})
    assert "Cedar Falls" in serving(machine, lambda: machine.run("rollcall", "district", "list"))
    return machine


def settings_replaced(place):
    """Upgrade with other shipped settings: unedited ones are replaced, edited ones stay beside the new"""
    other = deb("rollcall-controller", f"{OLD}+settings")
    untouched = place.machine()
    untouched.install(other)
    assert "of an older release" in untouched.path(SETTINGS).read_text()
    untouched.install(deb("rollcall-controller", NEW))
    assert "of an older release" not in untouched.path(SETTINGS).read_text()
    expect(untouched.look(SETTINGS), "640 root:rollcall")
    edited = place.machine()
    edited.install(other)
    edited.path(SETTINGS).write_text("queue: 77\n")
    edited.install(deb("rollcall-controller", NEW), options=("--force-confdef", "--force-confold"))
    expect(edited.path(SETTINGS).read_text(), "queue: 77\n")
    expect(edited.look(SETTINGS), "640 root:rollcall")
    assert edited.path(SETTINGS + ".dpkg-dist").exists()


def downgraded(place, newer):
    """Downgrade: refused with words while there is state, nothing changed; without state it works, and rollcalld refuses too"""
    machine = place.machine(newer)
    before = machine.snapshot()
    words = machine.install(deb("rollcall-controller", OLD), succeeds=False)
    assert "Nothing was changed" in words and "restore" in words, words
    expect(machine.status("rollcall-controller"), f"install ok installed {NEW}")
    expect(difference(before, machine.snapshot()), {})
    assert machine.settled()
    machine.install(deb("rollcall-agent", OLD), deb("rollcall", OLD))
    expect_installed(machine, OLD, ("rollcall-agent", "rollcall"))
    assert machine.path(AGENT_STATE + "/state.json").exists()

    machine.run("dpkg", "--remove", "rollcall-controller")
    words = machine.install(deb("rollcall-controller", OLD), succeeds=False)
    assert "Nothing was changed" in words, words
    assert machine.status("rollcall-controller").endswith(f"ok config-files {NEW}")
    machine.run("mv", STATE, STATE + "-newer")
    machine.install(deb("rollcall-controller", OLD))
    expect_installed(machine, OLD)

    machine.run("rmdir", STATE)
    machine.run("mv", STATE + "-newer", STATE)
    newer_schema(machine)
    before = dumped(machine)
    words = machine.run("timeout", "60", *SERVE, succeeds=False)
    assert "storage.newer-schema" in words, words
    assert dumped(machine) == before, "the refused database was changed"


def cut_off(place):
    """Cut off before or within any step of postinst, kill -9 of it, its children and dpkg: configuring again ends as if nothing was"""
    for package in ("rollcall-controller", "rollcall-agent"):
        unpacked = place.machine()
        unpacked.run("dpkg", "--unpack", f"/debs/{deb(package, NEW)}")
        whole = place.machine(unpacked)
        whole.run("dpkg", "--configure", package)
        wanted = whole.snapshot(*CONFIGURED)
        kills = 0
        for calls, follow in ((CALLS_OF_SHELL, ""), ("wait4", ""), (CALLS_OF_FILES, "-f")):
            for call in calls.split(","):
                for number in range(1, 200):
                    machine = place.machine(unpacked)
                    done = killed(machine, package, call, number, follow)
                    if not done:
                        kills += 1
                        machine.run("dpkg", "--configure", "-a")
                    expect_installed(machine, NEW, (package,))
                    left = difference(wanted, machine.snapshot(*CONFIGURED))
                    # systemd-sysusers replaces four files one after another, and takes an account in the first as made. Without a
                    # line in the shadow files it has no password, as it has with one.
                    expect({path for path in left if path not in ("/etc/shadow", "/etc/gshadow")}, set(), f"{package}, killed at {call} {number}")
                    machine.close()
                    if done:
                        break
                else:
                    raise AssertionError(f"no end of {call}")
        print(f"    {package}: {kills} kills")
        assert kills >= 10, kills


# Where configuring a package changes anything.
CONFIGURED = ("/etc", "/var/lib", "/lib/systemd")
CALLS_OF_SHELL = "clone,vfork"
# Of systemd-sysusers; the other programs that debhelper's snippets call are let fail, so that killing one of them alone cuts nothing
# off.
CALLS_OF_FILES = "rename"
KILLER = """#!/bin/sh
setsid strace -qq {follow} -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when={number} /killed.postinst "$@" &
traced=$!
wait $traced && exit 0
kill -9 -- -$traced 2>/dev/null
kill -9 $PPID
"""


def killed(machine, package, call, number, follow):
    """Configures and kills at the `number`th `call`; whether it came to its end because there are fewer."""
    script = machine.path(f"/var/lib/dpkg/info/{package}.postinst")
    original = script.read_bytes()
    machine.path("/killed.postinst").write_bytes(original)
    machine.path("/killed.postinst").chmod(0o755)
    script.write_text(KILLER.format(call=call, number=number, follow=follow))
    process = machine.start("dpkg", "--configure", package, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    words = process.communicate(timeout=120)[0].decode()
    script.write_bytes(original)
    machine.path("/killed.postinst").unlink()
    assert process.returncode in (0, -9), words
    return process.returncode == 0


def services(place):
    """Where systemd runs: an upgrade restarts, removal stops, a refused downgrade touches nothing"""
    machine = place.machine()
    machine.path("/run/systemd/system").mkdir(parents=True)
    # Says what it is asked; every unit runs.
    machine.path("/usr/local/bin").mkdir(parents=True, exist_ok=True)
    recorder = machine.path("/usr/bin/systemctl")
    recorder.unlink()
    recorder.write_text('#!/bin/sh\necho "$*" >>/asked\ncase "$*" in *is-enabled*) echo enabled ;; esac\n')
    recorder.chmod(0o755)

    def asked(action):
        machine.path("/asked").write_text("")
        action()
        return machine.path("/asked").read_text()

    def verbs(text, unit):
        return [verb for verb in ("start", "stop", "restart") if re.search(rf"^(.* )?{verb} (.* )?{unit}", text, re.M)]

    expect(verbs(asked(lambda: machine.install(*debs(OLD))), "rollcalld.service"), ["start"])
    expect(verbs(asked(lambda: machine.install(*debs(NEW))), "rollcalld.service"), ["restart"])
    machine.path(STATE + "/kept").write_text("x")
    text = asked(lambda: machine.install(deb("rollcall-controller", OLD), succeeds=False))
    expect(verbs(text, "rollcalld.service"), [], text)
    text = asked(lambda: machine.run("dpkg", "--remove", *ALL))
    for unit in ("rollcalld.service", "rollcall-agent.service", "rollcall-measure.timer"):
        expect(verbs(text, unit), ["stop"], unit)


def purged(place, newer):
    """Purge: settings, the agent's key and links go; the authority stays, and is told of; nothing else is left"""
    pristine = place.machine().snapshot()
    machine = place.machine(newer)
    machine.path("/etc/rollcall/agent.conf").write_text("controller = https://x:1\n")
    state = machine.snapshot(STATE)
    assert state
    machine.run("dpkg", "--remove", *ALL)
    assert machine.path(SETTINGS).exists() and machine.path(AGENT_STATE).exists()
    words = machine.run("dpkg", "--purge", *ALL)
    assert "/var/lib/rollcall stays" in words, words
    expect(difference(state, machine.snapshot(STATE)), {})
    left = difference(pristine, machine.snapshot())
    accounts = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow")
    expect([path for path in left if not path.startswith(STATE) and path not in accounts], [])
    machine.install(*debs(NEW))
    expect(difference(state, machine.snapshot(STATE)), {})

    empty = place.machine()
    empty.install(*debs(NEW))
    words = empty.run("dpkg", "--purge", *ALL)
    assert "stays" not in words, words
    left = difference(pristine, empty.snapshot())
    expect([path for path in left if path not in accounts], [])


def main():
    small_debian.isolated()
    place = Place(BASE, PACKAGES)

    def test(body, *given):
        start = time.monotonic()
        result = body(place, *given)
        print(f"ok  {body.__doc__} ({time.monotonic() - start:.0f} s)", flush=True)
        return result

    test(installed)
    newer = test(upgraded)
    test(settings_replaced)
    test(downgraded, newer)
    test(services)
    test(purged, newer)
    test(cut_off)


main()
