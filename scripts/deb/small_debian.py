"""A small Debian in a tmpfs, in mounts and processes of its own: dpkg runs in it for real, and nothing of it is left."""
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
    "DEBIAN_FRONTEND": "noninteractive", "DEBCONF_NONINTERACTIVE_SEEN": "true",
}


def isolated():
    """Goes on in new mount and process namespaces; when this process ends, so does everything started in them."""
    if os.environ.get("ROLLCALL_ISOLATED") != "yes":
        os.environ["ROLLCALL_ISOLATED"] = "yes"
        os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv])


class Place:
    """One tmpfs that holds the unpacked base, the packages, and a layer for each machine."""

    def __init__(self, base, packages):
        self.folder = Path("/mnt")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4g,mode=755", "tmpfs", self.folder], check=True)
        self.base = self.folder / "base"
        self.base.mkdir()
        subprocess.run(["tar", "-xf", base, "-C", self.base, "--exclude=./dev/*"], check=True)
        shutil.copytree(packages, self.base / "debs")
        self.number = 0

    def machine(self, above=None):
        """A machine like the base, or like another as it stands."""
        self.number += 1
        return Machine(self, self.number, ([above.layer] + above.below) if above else [self.base])


class Machine:
    def __init__(self, place, number, below):
        folder = place.folder / f"machine-{number}"
        self.layer, self.below, self.root = folder / "layer", below, folder / "root"
        for each in (self.layer, folder / "work", self.root):
            each.mkdir(parents=True)
        options = f"lowerdir={':'.join(map(str, below))},upperdir={self.layer},workdir={folder}/work"
        subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", self.root], check=True)
        subprocess.run(["mount", "-t", "proc", "proc", self.root / "proc"], check=True)
        (self.root / "dev").mkdir(exist_ok=True)
        subprocess.run(["mount", "--rbind", "/dev", self.root / "dev"], check=True)

    def close(self):
        subprocess.run(["umount", "-l", self.root], check=True)

    def start(self, *command, **more):
        return subprocess.Popen(["chroot", self.root, *command], env=ENVIRONMENT, stdin=subprocess.DEVNULL, **more)

    def run(self, *command, succeeds=True):
        """What the command says; it must succeed, or with `succeeds=False` must not; with None either."""
        done = subprocess.run(
            ["chroot", self.root, *command], env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True, timeout=300,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if succeeds is not None and succeeds != (done.returncode == 0):
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def install(self, *names, succeeds=True, options=()):
        return self.run("dpkg", *options, "--install", *(f"/debs/{name}" for name in names), succeeds=succeeds)

    def status(self, package):
        return self.run("dpkg-query", "-W", "-f", "${Status} ${Version}", package, succeeds=None).strip()

    def path(self, path):
        return self.root / path.lstrip("/")

    def look(self, path):
        """`mode owner:group` of a file, as `stat` in the machine says it."""
        return self.run("stat", "-c", "%a %U:%G", path).strip()

    def settled(self):
        """Whether dpkg has nothing left to do."""
        return self.run("dpkg", "--audit") == ""

    def snapshot(self, *below):
        """Every file with kind, mode, owner and content, without what only tells when something was done."""
        found = {}
        for top in below or ("/etc", "/usr", "/lib/systemd", "/var/lib", "/opt", "/srv"):
            for folder, folders, files in os.walk(self.path(top)):
                for name in sorted(folders + files):
                    path = Path(folder, name)
                    shown = "/" + str(path.relative_to(self.root))
                    if not re.match(UNIMPORTANT, shown):
                        found[shown] = describe(path)
        return found


# dpkg's own records and those of triggers, backups of account files, what a killed systemd-sysusers had not renamed yet, logs.
UNIMPORTANT = r"/(etc/\.#(passwd|group|shadow|gshadow)|var/lib/dpkg|etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|var/(log|cache)|etc/\.pwd\.lock|etc/ld\.so\.cache)"


def describe(path):
    about = path.lstat()
    if stat.S_ISLNK(about.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(about.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        content = ""
    return f"{about.st_mode:o} {about.st_uid}:{about.st_gid} {content}"


def difference(before, after):
    """Paths that are new, gone or another, with what they were and are."""
    return {
        path: (before.get(path), after.get(path)) for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    }
