"""Measures agent and controller beside their peers, in one run. Prints a table for BENCHMARKS.md.

Usage: bench/run.py --programs bin [--swarm PATH] [--devices 1000] [--long] [--parts agent fleet nginx ocs]
Everything listens on loopback and in a temporary folder; each loop has a count.
"""

import argparse
import ctypes
import importlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "scripts"))

from controller import Controller  # noqa: E402

ocs_peer = importlib.import_module("ocs-peer")


def cost(command, rounds, environment=None):
    """Mean CPU in milliseconds and peak memory in MB of a command, after one round that is not counted."""
    spent = [spend(command, environment) for _ in range(rounds + 1)][1:]
    return sum(spent) / rounds, peak(command, environment)


def spend(command, environment=None):
    """CPU of one run, in milliseconds."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    words = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        raise RuntimeError(f"{command}: {words.decode(errors='replace')}")
    return 1000 * (usage.ru_utime + usage.ru_stime)


def peak(command, environment=None):
    """Peak memory of one run, in MB of 1,000,000 bytes. By time(1): what a process inherits of Python's own would count."""
    done = subprocess.run(["/usr/bin/time", "--format=%M", *command], env=environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=True)
    return int(done.stderr.split()[-1]) * 1024 / 1e6


def row(what, figure, limit=""):
    print(f"| {what} | {figure} | {limit} |", flush=True)


def give_packages(folder, count):
    """Lets this process and its children see a package database of `count` real packages; as it is where we are not root."""
    subprocess.run(["sh", str(REPOSITORY / "bench/packages-root.sh"), str(folder / "root"), str(count)], check=True)
    if os.geteuid() == 0 and ctypes.CDLL(None).unshare(0x20000) == 0:  # CLONE_NEWNS
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["mount", "--bind", str(folder / "root/var/lib/dpkg"), "/var/lib/dpkg"], check=True)
    text = pathlib.Path("/var/lib/dpkg/status").read_text(errors="replace")
    return text.count("\nStatus: install ok installed\n")


def built(folder, name, *libraries):
    program = str(folder / name)
    subprocess.run(["gcc", "-O2", "-o", program, str(REPOSITORY / f"bench/{name}.c"), *libraries], check=True)
    return [program]


def agent(programs, controller, folder, rounds=40):
    packages = give_packages(folder, 1500)
    program, state = str(programs / "rollcall-agent"), str(folder / "agent")
    token, address = folder / "agent.token", f"https://localhost:{controller.devices_port}"
    controller.rollcall("token", "create", "--district", "bench", "--batch", "bench", "--allow-unidentified", "--uses", "1",
                        "--output-file", str(token))
    subprocess.run([program, "enroll", "--controller", address, "--token-file", str(token), "--state-dir", state],
                   check=True, stdout=subprocess.DEVNULL)
    row("agent: stripped binary", f"{(programs / 'rollcall-agent').stat().st_size / 1e6:.1f} MB", "16 MB")
    commands = {
        "once": [program, "once", "--state-dir", state], "collect": [program, "collect"], "version": [program, "version"],
        "files": [*built(folder, "agent-floor"), "/", "1"],
        "post": [*built(folder, "agent-post-floor", "-lcurl"), f"{address}/agent/v1/checkin",
                 *(f"{state}/{name}" for name in ("root.pem", "device.pem", "device.key"))],
    }
    first = peak(commands["once"])
    most = {name: max(peak(command) for _ in range(rounds // 2)) for name, command in commands.items()}
    # One after the other in each round, so that what else the machine does falls on all of them.
    spent = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            spent[name].append(spend(command))
    cpu = {name: statistics.median(times[1:]) for name, times in spent.items()}
    check_in = statistics.median(once - collect for once, collect in zip(spent["once"][1:], spent["collect"][1:]))
    row(f"agent: peak memory of `once`, first inventory, {packages} packages", f"{first:.1f} MB", "22 MB")
    row(f"agent: the same, unchanged, most of {rounds // 2}", f"{most['once']:.1f} MB", "22 MB")
    row("peer: peak memory of libcurl's post with a client certificate, in C", f"{most['post']:.1f} MB")
    row(f"agent: CPU of a full collection, {packages} packages, its process included", f"{cpu['collect']:.1f} ms", "25 ms")
    row("agent: CPU of an unchanged check-in (`once` less `collect`)", f"{check_in:.1f} ms", "15 ms")
    row("agent: CPU of `once`; of `version`, which does nothing", f"{cpu['once']:.1f} ms; {cpu['version']:.1f} ms")
    row("peer: a C program that reads the same files", f"{cpu['files']:.1f} ms")
    row("peer: libcurl's post with a client certificate, in C", f"{cpu['post']:.1f} ms")
    row("agent: `once` to both peers together", f"{cpu['once'] / (cpu['files'] + cpu['post']):.2f}")
    if shutil.which("fusioninventory-inventory"):
        spent, most = cost(["fusioninventory-inventory"], 2)
        row("peer: `fusioninventory-inventory`", f"{spent:.0f} ms, {most:.0f} MB")


class Swarm:
    """The load generator, with a folder for its fleets."""

    def __init__(self, program, folder):
        self.program, self.folder = str(program), folder

    def run(self, mode, *words):
        report = self.folder / "report.json"
        done = subprocess.run([self.program, mode, *words, "--quiet", "--json", str(report)], capture_output=True, text=True, timeout=1800)
        if done.returncode:
            raise RuntimeError(f"rollcall-swarm {mode}: {done.stdout}{done.stderr}")
        return json.loads(report.read_text())

    def enrol(self, controller, fleet, devices, first):
        numbers = ("--devices", str(devices), "--first", str(first))
        serials, token = self.folder / "serials.csv", self.folder / "token"
        serials.write_text(subprocess.run([self.program, "serials", *numbers], check=True, capture_output=True, text=True).stdout)
        controller.rollcall("batch", "add", "bench", "--district", "bench", "--serials", str(serials))
        token.unlink(missing_ok=True)
        controller.rollcall("token", "create", "--district", "bench", "--batch", "bench", "--uses", str(devices), "--output-file", str(token))
        return self.run("enrol", *self.to(controller), *numbers, "--token-file", str(token), "--fleet", str(fleet), "--label", "bench")

    @staticmethod
    def to(controller):
        return ("--target", f"127.0.0.1:{controller.devices_port}", "--root", str(controller.state / "ca/root.pem"),
                "--controller-pid", str(controller.process.pid))


def told(report):
    server, own = report["controller"], report["generator"]
    return (f"{server['cpuMicrosecondsPerOperation']:.0f} µs CPU each (the load generator {own['cpuMicrosecondsPerOperation']:.0f}); "
            f"{report['acknowledged']} done, {report['perSecond']:.0f}/s, "
            f"p99 {report['latencyMicroseconds']['p99'] / 1000:.1f} ms, failures {sum(report['failures'].values())}")


def rested(controller):
    """Seconds of CPU that the controller still spends on what it was told, until it rests: the index of software follows check-ins."""
    begun = last = spent(controller)
    for _ in range(300):
        time.sleep(2)
        now = spent(controller)
        if now - last < 0.06:
            return now - begun
        last = now
    raise RuntimeError("the controller never rests")


def spent(controller):
    fields = pathlib.Path(f"/proc/{controller.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fleet(swarm, controller, devices):
    known, fresh = swarm.folder / "known.tsv", swarm.folder / "fresh.tsv"
    row("controller: an enrolment", told(swarm.enrol(controller, known, devices, 0)))
    to = swarm.to(controller)
    first = ("--count", str(devices))
    swarm.run("steady", *to, "--fleet", str(known), "--devices", "8", "--count", "8")
    row("controller: a first inventory of 1,500 packages, base known, 20 differ, with its handshake",
        told(swarm.run("steady", *to, "--fleet", str(known), *first)), "2 ms beyond TLS")
    row("controller: the index of software follows, of these, a device", f"{1e6 * rested(controller) / devices:.0f} µs CPU")
    swarm.enrol(controller, fresh, devices, devices)
    row("controller: a first inventory that makes a new base, with its handshake",
        told(swarm.run("steady", *to, "--fleet", str(fresh), *first, "--bases", str(devices * 64), "--differ", "0")), "6 ms beyond TLS")
    row("controller: the index of software follows, of these, a device", f"{1e6 * rested(controller) / devices:.0f} µs CPU")
    row("controller: an unchanged, durable check-in with its full handshake",
        told(swarm.run("steady", *to, "--fleet", str(known), "--count", str(5 * devices))), "900 µs")
    row("controller: the same, kept alive, 64 connections",
        told(swarm.run("steady", *to, "--fleet", str(known), "--count", str(50 * devices), "--keep-alive", "--connections", "64")), "100 µs")


def nginx(swarm, controller, devices):
    folder = swarm.folder / "nginx"
    folder.mkdir()
    for source, name in (("tls/devices.pem", "server-chain.pem"), ("tls/devices.key", "server.key"), ("ca/root.pem", "root.pem")):
        shutil.copyfile(controller.state / source, folder / name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "listen.conf").write_text(f"listen 127.0.0.1:{port} ssl;\n")
    shutil.copyfile(REPOSITORY / "bench/nginx-peer.conf", folder / "nginx-peer.conf")
    peer = str(folder / "peer.tsv")
    subprocess.run([swarm.program, "mint", "--ca-certificate", str(controller.state / "ca/issuing.pem"), "--ca-key",
                    str(controller.state / "ca/issuing.key"), "--devices", str(devices), "--fleet", peer], check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx-peer.conf")], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        to = ("--peer", "--target", f"127.0.0.1:{port}", "--root", str(folder / "root.pem"), "--controller-pid", str(server.pid), "--fleet", peer)
        row("peer: nginx, a static 204, with its full handshake", told(swarm.run("steady", *to, "--count", str(5 * devices))))
        row("peer: nginx, kept alive, 64 connections",
            told(swarm.run("steady", *to, "--count", str(50 * devices), "--keep-alive", "--connections", "64")))
    finally:
        server.terminate()
        server.wait(10)


def endurance(swarm, controller):
    path = swarm.folder / "many.tsv"
    swarm.enrol(controller, path, 10_000, 1_000_000)
    to = (*swarm.to(controller), "--fleet", str(path), "--connections", "64")
    for part in range(1, 6):
        report = swarm.run("steady", *to, "--count", "20000", "--changed", "0.1")
        row(f"controller: memory after {20_000 * part:,} check-ins of 10,000 devices",
            f"{report['controller']['residentBytesAfter'] / 1e6:.0f} MB", "150 MB, flat")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, type=pathlib.Path)
    parser.add_argument("--swarm", type=pathlib.Path, help="rollcall-swarm; without it only the agent is measured")
    parser.add_argument("--devices", default=1000, type=int)
    parser.add_argument("--long", action="store_true", help="also 100,000 check-ins of 10,000 devices")
    parser.add_argument("--parts", nargs="+", choices=["agent", "fleet", "nginx", "ocs"], default=["agent", "fleet", "nginx", "ocs"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as room:
        folder = pathlib.Path(room)
        with Controller(given.programs.resolve(), folder, interval=3600) as controller:
            controller.rollcall("district", "create", "bench", "--name", "Benchmark")
            controller.rollcall("batch", "create", "--district", "bench", "--id", "bench")
            print("| what | measured | limit |\n| --- | --- | --- |")
            if "agent" in given.parts:
                agent(given.programs.resolve(), controller, folder)
            if not given.swarm:
                return
            swarm = Swarm(given.swarm.resolve(), folder)
            if "fleet" in given.parts:
                fleet(swarm, controller, given.devices)
            if "nginx" in given.parts:
                nginx(swarm, controller, given.devices)
            if "ocs" in given.parts:
                # Each of its devices costs seconds.
                for what, figure in ocs_peer.measure(folder, min(given.devices, 20)):
                    row(what, figure)
            if given.long:
                endurance(swarm, controller)


main()
