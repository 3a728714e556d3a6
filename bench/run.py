"""Measures agent and controller beside their peers, in one run. Prints a table for BENCHMARKS.md.

Usage: bench/run.py --programs bin --swarm PATH [--devices 1000] [--long]
Everything listens on loopback and in a temporary folder; each loop has a count.
"""

import argparse
import importlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "scripts"))

from controller import Controller  # noqa: E402

ocs_peer = importlib.import_module("ocs-peer")


def cost(command, rounds, environment=None):
    """Mean CPU in milliseconds and peak memory in MiB of a command, after one round that is not counted."""
    spent, peak = 0.0, 0
    for number in range(rounds + 1):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
        words = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        if status:
            raise RuntimeError(f"{command}: {words.decode(errors='replace')}")
        if number:
            spent += usage.ru_utime + usage.ru_stime
            peak = max(peak, usage.ru_maxrss)
    return 1000 * spent / rounds, peak / 1024


def row(what, figure, limit=""):
    print(f"| {what} | {figure} | {limit} |", flush=True)


def agent(programs, controller, folder):
    program, state = str(programs / "rollcall-agent"), str(folder / "agent")
    packages = (pathlib.Path("/var/lib/dpkg/status").read_text(errors="replace")).count("\nStatus: install ok installed\n")
    token = folder / "agent.token"
    controller.rollcall("token", "create", "--district", "bench", "--batch", "bench", "--allow-unidentified", "--uses", "1",
                        "--output-file", str(token))
    subprocess.run([program, "enroll", "--controller", f"https://localhost:{controller.devices_port}", "--token-file", str(token),
                    "--state-dir", state], check=True, stdout=subprocess.DEVNULL)
    row("agent: stripped binary", f"{(programs / 'rollcall-agent').stat().st_size / 1e6:.1f} MB", "16 MB")
    _, first = cost([program, "once", "--state-dir", state], 1)
    cpu, peak = cost([program, "once", "--state-dir", state], 20)
    row(f"agent: peak memory of `once`, {packages} packages", f"{max(first, peak):.1f} MiB", "22 MB")
    row("agent: CPU of an unchanged check-in, its process and its collection included", f"{cpu:.1f} ms", "15 ms beyond the collection")
    cpu, _ = cost([program, "collect"], 20)
    row("agent: CPU of a full collection", f"{cpu:.1f} ms", "25 ms")
    floor = folder / "agent-floor"
    subprocess.run(["gcc", "-O2", "-o", str(floor), str(REPOSITORY / "bench/agent-floor.c")], check=True)
    cpu, _ = cost([str(floor), "/", "1"], 20)
    row("peer: a C program that reads the same files", f"{cpu:.1f} ms")
    if shutil.which("fusioninventory-inventory"):
        cpu, peak = cost(["fusioninventory-inventory"], 2)
        row("peer: `fusioninventory-inventory`", f"{cpu:.0f} ms, {peak:.0f} MiB")


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
    server = report["controller"]
    return (f"{server['cpuMicrosecondsPerOperation']:.0f} µs CPU each; {report['acknowledged']} done, {report['perSecond']:.0f}/s, "
            f"p99 {report['latencyMicroseconds']['p99'] / 1000:.1f} ms, failures {sum(report['failures'].values())}")


def fleet(swarm, controller, devices):
    known, fresh = swarm.folder / "known.tsv", swarm.folder / "fresh.tsv"
    row("controller: an enrolment", told(swarm.enrol(controller, known, devices, 0)))
    to = swarm.to(controller)
    first = ("--count", str(devices))
    swarm.run("steady", *to, "--fleet", str(known), "--devices", "8", "--count", "8")
    row("controller: a first inventory of 1,500 packages, base known, 20 differ, with its handshake",
        told(swarm.run("steady", *to, "--fleet", str(known), *first)), "2 ms beyond TLS")
    swarm.enrol(controller, fresh, devices, devices)
    row("controller: a first inventory that makes a new base, with its handshake",
        told(swarm.run("steady", *to, "--fleet", str(fresh), *first, "--bases", str(devices * 64), "--differ", "0")), "6 ms beyond TLS")
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
    parser.add_argument("--swarm", required=True, type=pathlib.Path)
    parser.add_argument("--devices", default=1000, type=int)
    parser.add_argument("--long", action="store_true", help="also 100,000 check-ins of 10,000 devices")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as room:
        folder = pathlib.Path(room)
        swarm = Swarm(given.swarm.resolve(), folder)
        with Controller(given.programs.resolve(), folder, interval=3600) as controller:
            controller.rollcall("district", "create", "bench", "--name", "Benchmark")
            controller.rollcall("batch", "create", "--district", "bench", "--id", "bench")
            print("| what | measured | limit |\n| --- | --- | --- |")
            agent(given.programs.resolve(), controller, folder)
            fleet(swarm, controller, given.devices)
            nginx(swarm, controller, given.devices)
            # Each of its devices costs seconds.
            for what, figure in ocs_peer.measure(folder, min(given.devices, 20)):
                row(what, figure)
            if given.long:
                endurance(swarm, controller)


main()
