#!/usr/bin/env python3
"""`make check-examples`: runs what docs/examples configures, on this machine's loopback.

Every file is taken as it stands; only 10.1.0.x becomes 127.1.0.x, and folders become those of the test. Three etcd, three Patroni
with PostgreSQL 15, all with certificates of an authority made here; Patroni's own validation of each file; the roles of roles.sql;
the address of rollcalld.yaml; a switchover, and the primary killed with -9. HAProxy reads its file; each setting of rollcalld.yaml
is one that the program has. Needs root, for the servers' account. Usage: run.py
"""
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parents[2]
EXAMPLES = HERE / "docs/examples"
NODES = {"db1": "11", "db2": "12", "db3": "13"}
ACCOUNT = pwd.getpwnam("nobody")
PASSWORDS = {"CHANGE-ME-1": "one", "CHANGE-ME-2": "two", "CHANGE-ME-3": "three"}


def done(*words, **more):
    ended = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120, **more)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: exit code {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def as_account():
    return ["setpriv", f"--reuid={ACCOUNT.pw_uid}", f"--regid={ACCOUNT.pw_gid}", "--clear-groups", "--"]


class Node:
    def __init__(self, room, name):
        self.name, self.address, self.room = name, f"127.1.0.{NODES[name]}", room / name
        self.processes = {}
        for folder in (self.room, self.room / "socket", self.room / "certificates"):
            folder.mkdir(mode=0o700)

    def written(self, example):
        """The example for this node: its name and address, loopback, and the test's folders."""
        text = (EXAMPLES / example).read_text()
        lines = []
        for line in text.splitlines():
            if example == "patroni.yml" and "# this node" in line:
                line = line.replace("db1", self.name).replace("10.1.0.11", self.address)
            if example == "etcd" and re.match(r"ETCD_(NAME|(LISTEN|ADVERTISE|INITIAL_ADVERTISE)\w*_URLS)=", line):
                line = line.replace("db1", self.name).replace("10.1.0.11", self.address)
            lines.append(line)
        text = "\n".join(lines).replace("10.1.0.", "127.1.0.")
        for path, own in {
            "/etc/rollcall-db": self.room / "certificates", "/var/lib/etcd/rollcall": self.room / "etcd",
            "/var/lib/postgresql/15/rollcall": self.room / "data", "/var/run/postgresql": self.room / "socket",
            "/var/lib/postgresql/patroni.pgpass": self.room / "pgpass", "/etc/rollcall/db-ca.pem": self.room / "certificates/ca.pem",
            "/etc/rollcall/pgpass": self.room / "client.pgpass",
        }.items():
            text = text.replace(path, str(own))
        for mark, password in PASSWORDS.items():
            text = text.replace(mark, password)
        return text

    def start(self, name, words, environment=None):
        log = open(self.room / f"{name}.log", "ab")
        self.processes[name] = subprocess.Popen(
            [*as_account(), *map(str, words)], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.room,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.room), **(environment or {})})

    def start_etcd(self):
        pairs = (line.split("=", 1) for line in self.written("etcd").splitlines() if line and not line.startswith("#"))
        self.start("etcd", ["etcd"], dict(pairs))

    def write_patroni(self):
        self.configuration = self.room / "patroni.yml"
        self.configuration.write_text(self.written("patroni.yml"))
        # The test's account is not postgres, whom `peer` means.
        shutil.chown(self.configuration, ACCOUNT.pw_uid, ACCOUNT.pw_gid)

    def start_patroni(self):
        self.start("patroni", ["patroni", self.configuration])

    def kill(self):
        """Patroni and PostgreSQL at once, as where the machine is gone."""
        postmaster = int((self.room / "data/postmaster.pid").read_text().split()[0])
        self.processes["patroni"].kill()
        os.kill(postmaster, signal.SIGKILL)
        self.processes["patroni"].wait(30)

    def stop(self):
        for name in ("patroni", "etcd"):
            process = self.processes.get(name)
            if process and process.poll() is None:
                process.terminate()
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()


def certificates(room, nodes):
    """One authority, and a certificate for each node's address; etcd also compares where a connection comes from, 127.0.0.1 here."""
    key, root = room / "ca.key", room / "ca.pem"
    done("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
         "/CN=databases", "-keyout", key, "-out", root)
    for node in nodes:
        folder = node.room / "certificates"
        done("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={node.name}", "-keyout",
             folder / "node.key", "-out", folder / "request", "-addext", f"subjectAltName=IP:{node.address},IP:127.0.0.1,DNS:{node.name}")
        done("openssl", "x509", "-req", "-in", folder / "request", "-CA", root, "-CAkey", key, "-CAcreateserial", "-days", "30",
             "-copy_extensions", "copy", "-out", folder / "node.pem")
        shutil.copy(root, folder / "ca.pem")
        for path in [node.room, *node.room.rglob("*")]:
            shutil.chown(path, ACCOUNT.pw_uid, ACCOUNT.pw_gid)


class Cluster:
    def __init__(self, nodes):
        self.nodes = {node.name: node for node in nodes}

    def members(self):
        asked = subprocess.run(["patronictl", "-c", self.any().configuration, "list", "-f", "json"], capture_output=True, text=True)
        return {each["Member"]: each for each in json.loads(asked.stdout)} if asked.returncode == 0 and asked.stdout.strip() else {}

    def any(self):
        return next(node for node in self.nodes.values() if node.processes["patroni"].poll() is None)

    def leader(self):
        return next((name for name, each in self.members().items() if each["Role"] == "Leader" and each["State"] == "running"), None)

    def until(self, condition, words, seconds=120):
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            if found := condition():
                return found, time.monotonic() - start
            time.sleep(0.5)
        raise RuntimeError(f"it never came to: {words}; {self.members()}")

    def in_step(self, replicas):
        """One leader, one synchronous standby, and so many replicas of any kind that stream."""
        members = self.members().values()
        roles = [each["Role"] for each in members]
        streaming = [each for each in members if each["Role"] != "Leader" and each["State"] in ("running", "streaming")]
        return "Leader" in roles and "Sync Standby" in roles and len(streaming) == replicas


def sql(address, statement):
    return done("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", address, "-c", statement).strip()


def readable():
    """Every file parses; settings are ones that the program has; HAProxy takes its file."""
    settings = yaml.safe_load((EXAMPLES / "rollcalld.yaml").read_text())
    source = (HERE / "Controller/Daemon/Configuration/Setting.swift").read_text()
    known = set(re.findall(r'case \w+ = "([a-z-]+)"', source)) | set(re.findall(r"^  case ([a-z]+)$", source, re.M))
    known |= {word for row in re.findall(r"^  case ([a-z, ]+)$", source, re.M) for word in row.split(", ")}
    assert set(settings) <= known, set(settings) - known
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        text = (EXAMPLES / "haproxy.cfg").read_text()
        file.write(text.replace("/etc/haproxy/rollcall-root.pem", "/etc/ssl/certs/ca-certificates.crt"))
        file.flush()
        done("haproxy", "-c", "-f", file.name)
    print("ok  rollcalld.yaml has settings that exist; haproxy takes haproxy.cfg", flush=True)
    return settings


def main():
    settings = readable()
    room = Path(tempfile.mkdtemp(prefix="rollcall-examples-", dir="/tmp"))
    room.chmod(0o755)
    nodes = [Node(room, name) for name in NODES]
    cluster = Cluster(nodes)
    try:
        tried(room, nodes, cluster, settings)
    except BaseException:
        for node in nodes:
            node.stop()
        print(f"the logs stand in {room}", file=sys.stderr)
        raise
    for node in nodes:
        node.stop()
    shutil.rmtree(room)


def tried(room, nodes, cluster, settings):
    certificates(room, nodes)
    for node in nodes:
        node.start_etcd()
    endpoint = ["--endpoints", f"https://{nodes[0].address}:2379", "--cacert", room / "ca.pem", "--cert",
                nodes[0].room / "certificates/node.pem", "--key", nodes[0].room / "certificates/node.key"]
    for _ in range(60):
        if subprocess.run(["etcdctl", *endpoint, "endpoint", "health"], capture_output=True, env={**os.environ, "ETCDCTL_API": "3"}).returncode == 0:
            break
        time.sleep(0.5)
    for node in nodes:
        node.write_patroni()
        done("patroni", "--validate-config", node.configuration)
    print("ok  three etcd agree over TLS; patroni --validate-config takes the file of each node", flush=True)

    for node in nodes:
        node.start_patroni()
    _, seconds = cluster.until(lambda: cluster.in_step(2), "a primary and two standbys, one of them in step", 240)
    print(f"ok  a primary, a synchronous and a second standby after {seconds:.0f} s", flush=True)
    leader = cluster.nodes[cluster.leader()]
    done("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "password='four'", "-f", EXAMPLES / "roles.sql",
         f"postgres://postgres:one@{leader.address}/postgres?sslmode=verify-full&sslrootcert={room}/ca.pem")
    client = nodes[0].room / "client.pgpass"
    client.write_text("*:5432:rollcall:rollcall:four\n")
    client.chmod(0o600)
    address = yaml.safe_load(nodes[0].written("rollcalld.yaml"))["database"]
    assert "target_session_attrs=read-write" in settings["database"]
    sql(address, "CREATE TABLE counted (number bigint)")
    numbers = 0

    def count_on():
        nonlocal numbers
        sql(address, f"INSERT INTO counted VALUES ({numbers + 1})")
        numbers += 1

    for _ in range(20):
        count_on()
    first = cluster.leader()
    candidate = next(name for name, each in cluster.members().items() if each["Role"] == "Sync Standby")
    done("patronictl", "-c", cluster.any().configuration, "switchover", "--master", first, "--candidate", candidate, "--force")
    cluster.until(lambda: cluster.leader() == candidate and cluster.in_step(2), "a switchover")
    for _ in range(20):
        count_on()
    print(f"ok  the address of rollcalld.yaml finds the primary; switchover from {first} to {candidate}", flush=True)

    cluster.nodes[candidate].kill()

    def written():
        try:
            count_on()
            return True
        except RuntimeError:
            return False

    _, seconds = cluster.until(written, "a write after the primary was killed")
    found = sql(address, "SELECT count(DISTINCT number) FROM counted WHERE number > 0")
    # An insert whose answer was lost may stand twice; what was acknowledged stands.
    assert int(found) == numbers, (found, numbers)
    print(f"ok  {candidate} killed with -9: {cluster.leader()} writes after {seconds:.0f} s, {numbers} of {numbers} acknowledged rows are there", flush=True)
    cluster.nodes[candidate].start_patroni()
    cluster.until(lambda: cluster.in_step(2), "the killed node as a standby")
    print(f"ok  {candidate} came back as a standby", flush=True)


main()
