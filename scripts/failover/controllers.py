"""Controllers that share one database, and the devices and operators that speak to them."""
import base64
import os
import re
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path


class Controller:
    """One `rollcalld serve` on loopback ports that stay the same when it is started again."""

    def __init__(self, programs, folder, name, address):
        self.programs, self.name, self.folder = Path(programs), name, Path(folder) / name
        self.address, self.process, self.ports, self.runs = address, None, (0, 0), 0
        self.state = self.folder / "state"
        self.folder.mkdir()

    def __str__(self):
        return self.name

    def init(self):
        """The first one: makes the authority, and the key file that others need to share it."""
        done(self.programs / "rollcalld", "init", "--state", self.state, *self.shared())

    def shared(self):
        """All that a further controller is told."""
        return ["--database", self.address, "--seal-key", self.folder.parent / "seal.key"]

    def start(self):
        people, devices = self.ports
        self.runs += 1
        self.log = self.folder / f"log-{self.runs}"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.programs / "rollcalld", "serve", "--state", self.state, *self.shared(), "--people", f"127.0.0.1:{people}", "--devices",
                 f"127.0.0.1:{devices}", "--check-in-interval", "10", "--threads", "1"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.until(self.bound, "listens")
        self.until(self.ready, "is ready")

    def bound(self):
        text = self.log.read_text(errors="replace")
        found = [re.search(rf'"?{name}"?[=:] ?"?(\d+)', text) for name in ("people", "devices")]
        if all(found):
            self.ports = tuple(int(each.group(1)) for each in found)
        return all(found)

    def ready(self):
        return self.answers("/readyz")

    def answers(self, path):
        context = ssl.create_default_context(cafile=self.state / "ca/root.pem")
        try:
            with urllib.request.urlopen(f"https://127.0.0.1:{self.ports[0]}{path}", timeout=3, context=context) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def until(self, condition, words, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} never {words}:\n" + self.log.read_text(errors="replace")[-3000:])

    def kill(self):
        self.process.kill()
        self.process.wait(30)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(45)
            except subprocess.TimeoutExpired:
                self.process.kill()


class Fleet:
    """Simulated devices and what they were told; their state between runs is the swarm's fleet file."""

    def __init__(self, swarm, folder, name, first, devices):
        self.swarm, self.file = swarm, Path(folder) / f"{name}.tsv"
        self.which = ["--devices", str(devices), "--first", str(first), "--seed", "7"]
        self.devices = devices

    def enrol(self, controller, operator):
        serials = self.file.with_suffix(".csv")
        serials.write_text(done(self.swarm, "serials", *self.which))
        token = operator.token(self.file.stem, serials, self.devices)
        # Who was told to come back does so.
        for _ in range(5):
            done(self.swarm, "enrol", *self.at(controller), "--token-file", token, "--duration", "60", *self.which)
            if len(self.acknowledged()) == self.devices:
                return
        raise RuntimeError("not every device has enrolled")

    def check_in(self, controller, seconds):
        """Check-ins as fast as they are answered, in the background."""
        return subprocess.Popen(
            [self.swarm, "steady", *self.at(controller), "--keep-alive", "--duration", str(seconds), "--changed",
             "0.2", "--packages", "50", "--differ", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def at(self, controller):
        return ["--target", f"127.0.0.1:{controller.ports[1]}", "--root", str(controller.state / "ca/root.pem"), "--fleet", str(self.file),
                "--connections", "8", "--quiet"]

    def acknowledged(self):
        """The last number that each device was told is stored."""
        found = {}
        for line in self.file.read_text().splitlines()[1:]:
            fields = line.split("\t")
            leaf = base64.b64decode(fields[5])
            start = leaf.index(b"urn:rollcall:device:") + len(b"urn:rollcall:device:")
            found[leaf[start:start + 20].decode()] = int(fields[1])
        return found


# Each device's last number that is stored.
STORED = """SELECT k.device_id || ' ' || COALESCE(s.sequence, 0) FROM registry_key k
  LEFT JOIN checkin_state s ON s.district_id = k.district_id AND s.key = k.digest"""


def lost(acknowledged, answer):
    """Devices that were told of a number which is not stored, with both; `answer` is what `STORED` was answered."""
    stored = {device: int(number) for device, number in (row.split(" ") for row in answer.splitlines())}
    return {device: (number, stored.get(device)) for device, number in acknowledged.items() if stored.get(device, -1) < number}


class Operator:
    def __init__(self, programs, folder, controller):
        self.programs, self.folder = Path(programs), Path(folder)
        self.environment = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "operator"))
        self.rollcall("login", "--server", f"https://127.0.0.1:{controller.ports[0]}", "--ca", controller.state / "ca/root.pem",
                      "--token-file", controller.state / "admin.token")
        self.rollcall("district", "create", "cedar-falls", "--name", "Cedar Falls")

    def rollcall(self, *words):
        return done(self.programs / "rollcall", *words, env=self.environment)

    def token(self, batch, serials, uses):
        file = self.folder / f"{batch}.token"
        self.rollcall("batch", "create", "--district", "cedar-falls", "--id", batch, "--serials", serials)
        self.rollcall("token", "create", "--district", "cedar-falls", "--batch", batch, "--uses", str(uses), "--output-file", file)
        return str(file)


def done(*words, **more):
    ended = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120, **more)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: exit code {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout
