"""Machines of the test's own: each has its own root over this machine's files, its own address, and processes known by their ids.

All of it stands in mounts, processes and networks of the test's own: when it ends, however it ends, nothing of it is left.
"""
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

PLACE = Path("/mnt")
SHARED = PLACE / "shared"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


def environment(account, more=None):
    """What is root's is nothing that another account may look for."""
    return {**ENVIRONMENT, **({"HOME": "/"} if account else {}), **(more or {})}


def isolated():
    """Goes on in new mount, process and network namespaces; the shell is their first process, and takes in what others left."""
    if os.environ.get("ROLLCALL_ISOLATED") != "yes":
        os.environ["ROLLCALL_ISOLATED"] = "yes"
        os.execvp("unshare", ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc", "bash", "-c",
                              '"$@"; exit $?', "bash", sys.executable, *sys.argv])


def done(*words, **more):
    ended = subprocess.run([str(word) for word in words], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                           **{"timeout": 120, **more})
    if ended.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: exit code {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def until(condition, words, seconds=60):
    """What `condition` gives once that is true, and after how long."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if found := condition():
            return found, time.monotonic() - start
        time.sleep(0.25)
    raise RuntimeError(f"it never came to: {words}")


class Network:
    """One bridge that each machine has a cable to, which is also the way between the networks."""

    def __init__(self, *gateways):
        done("ip", "link", "set", "lo", "up")
        done("ip", "link", "add", "name", "bridge", "type", "bridge")
        done("ip", "link", "set", "bridge", "up")
        for gateway in gateways:
            done("ip", "address", "add", f"{gateway}/24", "dev", "bridge")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n")
        Path("/run/netns").mkdir(exist_ok=True)
        done("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run/netns")

    def join(self, name, address):
        done("ip", "netns", "add", name)
        done("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        done("ip", "link", "set", f"to-{name}", "master", "bridge", "up")
        done("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0")
        done("ip", "-n", name, "link", "set", "lo", "up")
        done("ip", "-n", name, "link", "set", "eth0", "up")
        done("ip", "-n", name, "route", "add", "default", "via", address.rsplit(".", 1)[0] + ".254")


def shared(files):
    """What every machine has beside this machine's files, by path: a file to copy, or text."""
    done("mount", "-t", "tmpfs", "-o", "size=8g,mode=755", "tmpfs", PLACE)
    for path, content in files.items():
        target = SHARED / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copy(content, target)
        else:
            target.write_text(content)


class Host:
    def __init__(self, network, name, address, logs):
        self.name, self.address, self.logs, self.processes = name, address, logs, {}
        network.join(name, address)
        folder = PLACE / name
        self.root = folder / "root"
        for each in (folder / "layer", folder / "work", self.root):
            each.mkdir(parents=True)
        done("mount", "-t", "overlay", "-o", f"lowerdir={SHARED}:/,upperdir={folder}/layer,workdir={folder}/work", "overlay", self.root)
        done("mount", "-t", "proc", "proc", self.root / "proc")
        for each in ("dev", "sys"):
            done("mount", "--rbind", f"/{each}", self.root / each)

    def __str__(self):
        return self.name

    def path(self, path):
        return self.root / path.lstrip("/")

    def folder(self, path, owner="root:root", mode="755"):
        self.run("mkdir", "-p", path)
        self.run("chown", owner, path)
        self.run("chmod", mode, path)

    def write(self, path, content, owner="root:root", mode="644"):
        """A file as the documents tell to make it; `content` is a file to copy, or text."""
        target = self.path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, target)
        else:
            target.write_text(content)
        self.run("chown", owner, path)
        self.run("chmod", mode, path)

    def words(self, words, account=None):
        """The command on this machine; what is started keeps the process id of what was begun."""
        which = [f"--userspec={account}"] if account else []
        return ["nsenter", f"--net=/run/netns/{self.name}", "chroot", *which, str(self.root), *map(str, words)]

    def run(self, *words, account=None, **more):
        return done(*self.words(words, account), env=environment(account), **more)

    def start(self, name, *words, account=None, env=None):
        with open(self.log(name), "ab") as log:
            self.processes[name] = subprocess.Popen(
                self.words(words, account), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env=environment(account, env))
        return self.processes[name]

    def log(self, name):
        return self.logs / f"{self.name}-{name}.log"

    def runs(self, name):
        return name in self.processes and self.processes[name].poll() is None

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait(30)

    def stop(self, name):
        if self.runs(name):
            self.processes[name].terminate()
            try:
                self.processes[name].wait(60)
            except subprocess.TimeoutExpired:
                self.kill(name)
