"""PostgreSQL servers of the test's own: sockets in its folder, an unprivileged account, processes known by their ids."""
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

ADMINISTRATOR = "administrator"


def programs():
    """The newest version that Debian's packages installed."""
    versions = [int(each.name) for each in Path("/usr/lib/postgresql").iterdir() if each.name.isdigit()]
    return Path(f"/usr/lib/postgresql/{max(versions)}/bin")


def unprivileged():
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    return ["setpriv", "--reuid", str(nobody.pw_uid), "--regid", str(nobody.pw_gid), "--clear-groups", "--"]


def run(*words, **more):
    done = subprocess.run([*unprivileged(), *map(str, words)], capture_output=True, text=True, timeout=120, cwd="/", **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def descendants(pid):
    """The ids of a process's children, theirs, and so on."""
    below = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            below.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        children = below.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


class Server:
    def __init__(self, folder, name):
        self.name, self.folder = name, Path(folder) / name
        self.data, self.log, self.process = self.folder / "data", self.folder / "log", None
        self.folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")

    def __str__(self):
        return self.name

    def make(self):
        """An empty cluster with the roles and the database that docs/configuration.md tells to make."""
        run(programs() / "initdb", "--pgdata", self.data, "--username", ADMINISTRATOR, "--auth", "trust", "--encoding", "UTF8",
            "--locale", "C.UTF-8", "--no-sync", "--no-instructions")
        self.start()
        self.ask("CREATE ROLE rollcall LOGIN", database="postgres")
        self.ask("CREATE ROLE rollcall_app NOLOGIN", database="postgres")
        self.ask("GRANT rollcall_app TO rollcall", database="postgres")
        self.ask("CREATE DATABASE rollcall OWNER rollcall ENCODING 'UTF8' TEMPLATE template0", database="postgres")

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*unprivileged(), str(programs() / "postgres"), "-D", str(self.data), "-k", str(self.folder), "-c", "listen_addresses=",
                 "-c", "wal_keep_size=256MB", "-c", "max_connections=60"], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/")
        self.until(lambda: subprocess.run([programs() / "pg_isready", "-q", "-h", self.folder]).returncode == 0, "is ready")

    def follow(self, primary):
        """A fresh copy of `primary` that streams from it; commits of the primary wait for it from now on."""
        shutil.rmtree(self.data, ignore_errors=True)
        run(programs() / "pg_basebackup", "--pgdata", self.data, "--write-recovery-conf", "--checkpoint", "fast", "--no-sync",
            "--dbname", f"host={primary.folder} user={ADMINISTRATOR} application_name={self.name}")
        self.start()
        primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.ask("SELECT pg_reload_conf()")
        primary.until(lambda: primary.ask("SELECT string_agg(sync_state, ',') FROM pg_stat_replication") == "sync", "is followed in step")

    def promote(self):
        """The standby takes writes, alone until another follows it."""
        self.thaw()
        with open(self.data / "postgresql.auto.conf", "a") as settings:
            settings.write("synchronous_standby_names = ''\n")
        run(programs() / "pg_ctl", "promote", "--wait", "--pgdata", self.data)
        self.ask("SELECT pg_reload_conf()")

    def kill(self):
        """SIGKILL to the server and all its processes, as where the machine is gone."""
        children = descendants(self.process.pid)
        self.process.send_signal(signal.SIGKILL)
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(30)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.thaw()
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(60)

    def freeze(self):
        """Nothing that it is sent is taken any more."""
        self.frozen = [self.process.pid, *descendants(self.process.pid)]
        for pid in self.frozen:
            os.kill(pid, signal.SIGSTOP)

    frozen = ()

    def thaw(self):
        for pid in self.frozen:
            os.kill(pid, signal.SIGCONT)
        self.frozen = ()

    def ask(self, statement, database="rollcall"):
        return run(programs() / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", ADMINISTRATOR,
                   "-d", database, "-c", statement)

    def until(self, condition, words):
        for _ in range(600):
            if condition():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"{self.name} never {words}:\n" + self.log.read_text(errors="replace")[-2000:])
