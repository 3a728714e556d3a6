"""The real controller on this machine's loopback, and the operator's command signed in to it."""

import json
import os
import pathlib
import re
import subprocess
import time


class Controller:
    """Runs `rollcalld serve` on free ports with a state folder of its own; `rollcall(...)` is the operator's command."""

    def __init__(self, programs, folder, name="localhost", interval=10):
        self.programs, self.folder = pathlib.Path(programs), pathlib.Path(folder).resolve()
        self.names, self.interval = f"{name},localhost,127.0.0.1", interval
        self.state, self.log = self.folder / "controller", self.folder / "controller.log"
        self.environment = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "operator"))
        self.process = None

    def __enter__(self):
        self._run("rollcalld", "init", "--state", str(self.state), "--names", self.names)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.programs / "rollcalld", "serve", "--state", str(self.state), "--names", self.names,
                 "--people", "127.0.0.1:0", "--devices", "127.0.0.1:0", "--check-in-interval", str(self.interval)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            self.people_port, self.devices_port = self._ports()
            self.rollcall("login", "--server", f"https://localhost:{self.people_port}", "--ca", str(self.state / "ca/root.pem"),
                          "--token-file", str(self.state / "admin.token"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def rollcall(self, *words):
        return self._run("rollcall", *words)

    def laptop(self, folder, serial, number, token, kind="well"):
        """A made-up laptop enrols by the real agent and checks in, as far as the controller lets it."""
        here = pathlib.Path(__file__).resolve().parent
        subprocess.run([here / "example/laptop.sh", folder / "root", serial, str(number), kind], check=True, timeout=60)
        for words in (["enroll", "--controller", f"https://localhost:{self.devices_port}", "--token-file", token], ["once"]):
            subprocess.run([self.programs / "rollcall-agent", *words, "--state-dir", folder / "agent", "--root", folder / "root"],
                           capture_output=True, timeout=60)

    def device(self, serial):
        """The device as `rollcall device show --output json` has it; None before it has checked in."""
        shown = subprocess.run([self.programs / "rollcall", "device", "show", serial, "--output", "json"], env=self.environment,
                               capture_output=True, text=True, timeout=60)
        if shown.returncode:
            return None
        device = json.loads(shown.stdout)
        return device if device.get("lastContact") and device.get("facts") else None

    def _ports(self):
        for _ in range(300):
            text = self.log.read_text(errors="replace")
            people, devices = re.search(r'"?people"?[=:] ?"?(\d+)', text), re.search(r'"?devices"?[=:] ?"?(\d+)', text)
            if people and devices:
                return people.group(1), devices.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        raise RuntimeError("the controller is not ready:\n" + self.log.read_text(errors="replace"))

    def _run(self, program, *words):
        done = subprocess.run([self.programs / program, *words], env=self.environment, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"{program} {' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout
