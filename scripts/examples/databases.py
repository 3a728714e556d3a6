"""db1, db2 and db3 as docs/scaling.md says, section "The databases"."""
import json
import os
import signal
import subprocess

from hosts import ENVIRONMENT, done, until

DATA = "/var/lib/postgresql/15/rollcall"
PATRONI = "/etc/patroni/config.yml"
PASSWORDS = {"CHANGE-ME-1": "one", "CHANGE-ME-2": "two", "CHANGE-ME-3": "three"}
ROLLCALL_PASSWORD = "four"


def certificates(folder, hosts):
    """One authority, and a certificate for each node's address, by the commands of docs/scaling.md."""
    key, root = folder / "ca.key", folder / "ca.pem"
    done("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj",
         "/CN=Rollcall databases", "-keyout", key, "-out", root)
    for host in hosts:
        own, request, certificate = (folder / f"{host}.{kind}" for kind in ("key", "csr", "pem"))
        done("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={host}", "-addext",
             f"subjectAltName=IP:{host.address},DNS:{host}", "-keyout", own, "-out", request)
        done("openssl", "x509", "-req", "-in", request, "-CA", root, "-CAkey", key, "-CAcreateserial", "-copy_extensions", "copy", "-days",
             "825", "-out", certificate)
        host.run("groupadd", "--system", "rollcall-db")
        for account in ("postgres", "etcd"):
            host.run("usermod", "--append", "--groups", "rollcall-db", account)
        host.write("/etc/rollcall-db/ca.pem", root)
        host.write("/etc/rollcall-db/node.pem", certificate)
        host.write("/etc/rollcall-db/node.key", own, owner="root:rollcall-db", mode="640")


class Databases:
    """The machines with etcd, Patroni and PostgreSQL; a primary, a standby in step, and one more."""

    def __init__(self, hosts, examples):
        self.hosts, self.examples = {host.name: host for host in hosts}, examples

    def own(self, text, host, lines):
        """The example with the node's own name and address in the lines that the example says."""
        return "\n".join(
            line.replace("db1", host.name).replace("10.1.0.11", host.address) if lines(line) else line for line in text.splitlines()) + "\n"

    def start_etcd(self):
        text = (self.examples / "etcd").read_text()
        for host in self.hosts.values():
            host.write("/etc/default/etcd", self.own(text, host, lambda line: line.startswith("ETCD_NAME=") or "_URLS=" in line))
            host.folder("/var/lib/etcd", "etcd:etcd", "700")
            pairs = (line.split("=", 1) for line in host.path("/etc/default/etcd").read_text().splitlines()
                     if line and not line.startswith("#"))
            host.start("etcd", "etcd", account="etcd", env=dict(pairs))
        until(self.etcd_agrees, "three etcd that agree")

    def etcd_agrees(self):
        host, folder = self.hosts["db1"], "/etc/rollcall-db"
        points = ",".join(f"https://{each.address}:2379" for each in self.hosts.values())
        return subprocess.run(
            host.words(["etcdctl", "--endpoints", points, "--cacert", f"{folder}/ca.pem", "--cert", f"{folder}/node.pem", "--key",
                        f"{folder}/node.key", "endpoint", "health"]), capture_output=True, env={**ENVIRONMENT, "ETCDCTL_API": "3"}).returncode == 0

    def start_patroni(self):
        text = (self.examples / "patroni.yml").read_text()
        for mark, password in PASSWORDS.items():
            text = text.replace(mark, password)
        for host in self.hosts.values():
            host.write(PATRONI, self.own(text, host, lambda line: "# this node" in line), owner="root:postgres", mode="640")
            host.folder("/var/lib/postgresql", "postgres:postgres")
            host.folder("/run/postgresql", "postgres:postgres", "2775")
            host.run("patroni", "--validate-config", PATRONI, account="postgres")
        for host in self.hosts.values():
            self.start(host)

    def start(self, host):
        host.start("patroni", "patroni", PATRONI, account="postgres", env={"HOME": "/var/lib/postgresql"})

    def control(self, *words):
        host = next(host for host in self.hosts.values() if host.runs("patroni"))
        return host.run("patronictl", "-c", PATRONI, *words)

    def members(self):
        try:
            return {each["Member"]: each for each in json.loads(self.control("list", "-f", "json") or "[]")}
        except (RuntimeError, json.JSONDecodeError):
            return {}

    def leader(self):
        found = (self.hosts[name] for name, each in self.members().items() if each["Role"] == "Leader" and each["State"] == "running")
        return next(found, None)

    def sync_standby(self):
        return next(self.hosts[name] for name, each in self.members().items() if each["Role"] == "Sync Standby")

    def in_step(self):
        """One leader, one synchronous standby, and two replicas of any kind that stream."""
        members = self.members().values()
        roles = [each["Role"] for each in members]
        streaming = [each for each in members if each["Role"] != "Leader" and each["State"] in ("running", "streaming")]
        return "Leader" in roles and "Sync Standby" in roles and len(streaming) == 2

    def switch_over(self):
        """To the standby in step, as an operator plans it; who led, and who leads."""
        first, second = self.leader(), self.sync_standby()
        self.control("switchover", "--master", first, "--candidate", second, "--force")
        until(lambda: self.leader() is second, "a switchover", 120)
        return first, second

    def kill(self, host):
        """Patroni and PostgreSQL at once, as where the machine is gone."""
        postmaster = int(host.path(f"{DATA}/postmaster.pid").read_text().split()[0])
        host.processes["patroni"].kill()
        os.kill(postmaster, signal.SIGKILL)
        host.processes["patroni"].wait(30)

    def ask(self, statement, database="rollcall"):
        return self.leader().run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement, account="postgres").strip()

    def make_roles(self):
        host = self.leader()
        host.write("/tmp/roles.sql", self.examples / "roles.sql")
        host.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "/tmp/roles.sql", "-v", f"password='{ROLLCALL_PASSWORD}'",
                 account="postgres")

    def stop(self):
        for name in ("patroni", "etcd"):
            for host in self.hosts.values():
                host.stop(name)
