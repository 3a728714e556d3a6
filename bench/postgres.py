"""A PostgreSQL of the benchmark's own: on a socket in a folder, durable, run as nobody where we are root, ended by its id."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

SETTINGS = {  # what is not the default, for a machine that the controller and the load generator share
    "listen_addresses": "", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "1GB",
    "max_wal_size": "8GB", "checkpoint_timeout": "15min", "max_connections": "100", "logging_collector": "off",
    "max_pred_locks_per_transaction": "256",
}


class Postgres:
    """`with Postgres() as server:` then `server.address(database)` as rollcalld takes it."""

    def __init__(self, environment=None):
        versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
        if not versions:
            raise RuntimeError("PostgreSQL is not installed: packages/test.txt names the package")
        self.programs = versions[-1].parent
        # A socket's path has 107 bytes at most.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-pg-", dir="/tmp"))
        self.environment, self.process, self.options = dict(os.environ, **(environment or {})), None, {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def __enter__(self):
        try:
            self._run("initdb", "--pgdata", str(self.folder / "data"), "--username", "bench", "--auth", "trust", "--encoding", "UTF8",
                      "--locale", "C.UTF-8", "--no-instructions")
            words = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
            with open(self.folder / "log", "wb") as log:
                self.process = subprocess.Popen(
                    [self.programs / "postgres", "-D", str(self.folder / "data"), "-k", str(self.folder), *words],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=self.environment, **self.options)
            for _ in range(300):
                if subprocess.run([self.programs / "pg_isready", "-q", "-h", str(self.folder), "-U", "bench"], cwd="/").returncode == 0:
                    return self
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
            raise RuntimeError("PostgreSQL is not ready:\n" + (self.folder / "log").read_text(errors="replace"))
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(2)  # fast shutdown
            try:
                self.process.wait(120)
            except subprocess.TimeoutExpired:
                self.process.send_signal(3)
                self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, database):
        return f"postgres://bench@/{database}?host={self.folder}"

    def create(self, database):
        self.sql(f"CREATE DATABASE {database}", "postgres")
        return self.address(database)

    def drop(self, database):
        self.sql(f"DROP DATABASE {database} WITH (FORCE)", "postgres")

    def sql(self, statement, database):
        return self._run("psql", "-q", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", "bench", "-d", database,
                         "-c", statement).strip()

    def cpu(self):
        """Seconds of CPU of the server and its sessions that live, and those that ended."""
        ticks, group = os.sysconf("SC_CLK_TCK"), self.process.pid
        total = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == group or int(stat.parts[2]) == group:
                # The postmaster's own children's times hold the sessions that ended.
                total += sum(map(int, fields[11:15] if int(stat.parts[2]) == group else fields[11:13]))
        return total / ticks

    def _run(self, program, *words):
        done = subprocess.run([self.programs / program, *words], capture_output=True, text=True, cwd="/", env=self.environment, timeout=3600,
                              **self.options)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout
