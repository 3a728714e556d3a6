"""ctl1 and ctl2, lb1 and lb2 as docs/scaling.md says, and who speaks to them: devices and an operator, each from its own address."""
import csv
import io
import json
import resource
import socket
import sys
from pathlib import Path

from databases import ROLLCALL_PASSWORD
from hosts import until

HERE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(HERE / "scripts/failover"))
from controllers import Fleet  # noqa: E402

NAME = "rollcall.example.org"
STATE = "/var/lib/rollcall"
SEAL_KEY = "/etc/rollcall/seal.key"


class Controller:
    def __init__(self, host):
        self.host = host

    def __str__(self):
        return self.host.name

    def prepare(self, examples, authority):
        """What the package makes, and the files that docs/scaling.md tells to put there."""
        for kind in ("sysusers", "tmpfiles"):
            self.host.write(f"/usr/lib/{kind}.d/rollcalld.conf", HERE / f"systemd/{kind}.d/rollcalld.conf")
        self.host.run("systemd-sysusers", "rollcalld.conf")
        self.host.run("systemd-tmpfiles", "--create", "rollcalld.conf")
        self.host.write("/etc/rollcall/rollcalld.yaml", examples / "rollcalld.yaml", "root:rollcall", "640")
        self.host.write("/etc/rollcall/db-ca.pem", authority)
        self.host.write("/etc/rollcall/pgpass", f"*:5432:rollcall:rollcall:{ROLLCALL_PASSWORD}\n", "rollcall:rollcall", "600")

    def init(self):
        """The first one, as docs/scaling.md has it."""
        self.host.run("bash", "-c", f'(umask 077; echo "rollcall-seal-key-1:$(openssl rand -base64 32)" >{SEAL_KEY}); chown rollcall: {SEAL_KEY}')
        self.host.run("rollcalld", "init", account="rollcall")

    def take(self, first):
        """Each further one needs the first one's seal key alone."""
        self.host.write(SEAL_KEY, first.host.path(SEAL_KEY), "rollcall:rollcall", "600")

    def start(self):
        self.host.start("rollcalld", "rollcalld", "serve", "--state", STATE, account="rollcall")
        until(self.ready, f"{self} is ready")

    def ready(self):
        if not self.host.runs("rollcalld"):
            raise RuntimeError(f"{self} ended:\n{self.host.log('rollcalld').read_text()[-3000:]}")
        root = f"{STATE}/ca/root.pem"
        return self.host.run("bash", "-c", f"curl -s -o /dev/null -w '%{{http_code}}' --max-time 3 --cacert {root} --resolve {NAME}:8443:127.0.0.1 "
                             f"https://{NAME}:8443/readyz || true") == "200"


class Balancer:
    def __init__(self, host):
        self.host = host

    def __str__(self):
        return self.host.name

    def start(self, examples, root):
        text = (examples / "haproxy.cfg").read_text()
        # HAProxy refuses to begin where the machine grants it fewer descriptors, as a container may; systemd grants 524,288.
        granted = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if granted < 2 * 40_000 + 100:
            text = text.replace("maxconn 40000", f"maxconn {granted // 2 - 100}")
        self.host.write("/etc/haproxy/haproxy.cfg", text)
        self.host.write("/etc/haproxy/rollcall-root.pem", root)
        self.host.folder("/run/haproxy", "haproxy:haproxy")
        self.host.run("haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg")
        self.again()

    def again(self):
        self.host.start("haproxy", "haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg")
        until(lambda: self.host.path("/run/haproxy/admin.sock").exists() and self.states(), f"{self} listens")

    def servers(self):
        """What HAProxy says of each backend's servers, by both names."""
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(10)
            channel.connect(str(self.host.path("/run/haproxy/admin.sock")))
            channel.sendall(b"show stat\n")
            text = b"".join(iter(lambda: channel.recv(65536), b"")).decode()
        rows = csv.DictReader(io.StringIO(text.removeprefix("# ")))
        return {(row["pxname"], row["svname"]): row for row in rows if row["svname"] not in ("FRONTEND", "BACKEND")}

    def states(self):
        """UP or DOWN of each server."""
        try:
            return {name: row["status"].split(" ")[0] for name, row in self.servers().items()}
        except OSError:
            return {}

    def sessions(self, backend):
        return {name[1]: int(row["stot"]) for name, row in self.servers().items() if name[0] == backend}


class Devices(Fleet):
    """Simulated devices on one machine that go through one balancer."""

    def __init__(self, host, balancer, first, count):
        super().__init__("rollcall-swarm", host.path("/root"), "fleet", first, count)
        self.host, self.balancer, self.which = host, balancer, ["--devices", str(count), "--first", str(first), "--seed", "7"]

    def at(self):
        return ["--target", f"{self.balancer.host.address}:8444", "--allow-remote", "--server-name", NAME, "--root", "/root/root.pem", "--fleet",
                "/root/fleet.tsv", "--connections", "4", "--quiet", "--report", "/root/report.json"]

    def enrol(self, operator):
        serials = operator.host.path(f"/root/{self.host}.csv")
        serials.write_text(self.host.run("rollcall-swarm", "serials", *self.which))
        token = operator.token(self.host.name, self.devices, "--serials", f"/root/{self.host}.csv")
        self.host.write("/root/fleet.token", token, mode="600")
        # Who was told to come back does so.
        for _ in range(5):
            self.host.run("rollcall-swarm", "enrol", *self.at(), "--token-file", "/root/fleet.token", "--duration", "60", *self.which)
            if len(self.acknowledged()) == self.devices:
                return
        raise RuntimeError("not every device has enrolled")

    def check_in(self, seconds):
        """Check-ins with a handshake each, in the background, at a pace that leaves room for the databases."""
        return self.host.start("swarm", "rollcall-swarm", "steady", *self.at(), "--rate", "40", "--duration", seconds, "--changed", "0.2",
                               "--packages", "50", "--differ", "2")

    def report(self):
        return json.loads(self.host.path("/root/report.json").read_text())


class Operator:
    def __init__(self, host, first):
        self.host = host
        host.write("/root/root.pem", first.host.path(f"{STATE}/ca/root.pem"))
        host.write("/root/admin.token", first.host.path(f"{STATE}/admin.token"), mode="600")
        self.rollcall("login", "--server", f"https://{NAME}", "--ca", "/root/root.pem", "--token-file", "/root/admin.token")
        self.rollcall("district", "create", "cedar-falls", "--name", "Cedar Falls")

    def rollcall(self, *words):
        return self.host.run("rollcall", *words)

    def token(self, batch, uses, *words, unidentified=False):
        """The printed form of a token for a batch of its own."""
        self.rollcall("batch", "create", "--district", "cedar-falls", "--id", batch, *words)
        self.host.run("rm", "-f", "/root/token")
        self.rollcall("token", "create", "--district", "cedar-falls", "--batch", batch, "--uses", uses, "--output-file", "/root/token",
                      *(["--allow-unidentified"] if unidentified else []))
        return self.host.path("/root/token").read_text()


class Agent:
    """The real agent on a machine of its own, which knows the controllers by their one name."""

    def __init__(self, host):
        self.host = host

    def run(self, *words):
        return self.host.run("rollcall-agent", *words, "--controller", f"https://{NAME}:8444", "--state-dir", "/root/agent").strip()

    def enroll(self, operator):
        self.host.write("/root/agent.token", operator.token("agent", 1, unidentified=True), mode="600")
        return self.run("enroll", "--token-file", "/root/agent.token")


def bad_tokens(host, balancer, count):
    """What each of so many bad enrolment tokens over one connection is answered."""
    text = host.run(
        "curl", "-s", "--cacert", "/root/root.pem", "--resolve", f"{NAME}:8444:{balancer.host.address}", "--user", f"token:{'x' * 40}",
        "--header", "Content-Type: application/pkcs10", "--data-binary", "no request", "--write-out", "%{http_code}\\n", "--output", "/dev/null",
        f"https://{NAME}:8444/.well-known/est/simpleenroll?[1-{count}]")
    return text.split()
