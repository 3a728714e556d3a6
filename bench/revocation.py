"""How soon a revocation at one controller is the other's: two real controllers on one PostgreSQL, real certificates.

Usage: bench/revocation.py --programs bin [--rounds 50]
In each round a device that has just checked in at the second controller is revoked at the first; then it checks in at the second again and
again over a kept connection until it is refused. What is measured is from the first one's answer to the end of the first refusal.
"""

import argparse
import base64
import http.client
import json
import pathlib
import ssl
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT.parent / "scripts/failover")]

from controllers import Controller, Operator  # noqa: E402
from postgres import Postgres  # noqa: E402


class Device:
    """A certificate by openssl, check-ins over one connection."""

    def __init__(self, folder, serial, root):
        self.serial, self.root, self.key, self.certificate = serial, root, folder / f"{serial}.key", folder / f"{serial}.pem"
        self.sequence = 0
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key)

    def openssl(self, *words, told=b""):
        return subprocess.run(["openssl", *map(str, words)], input=told, capture_output=True, check=True, timeout=60).stdout

    def enrol(self, controller, token):
        request = self.openssl("req", "-new", "-key", self.key, "-subj", f"/serialNumber={self.serial}/CN=laptop", "-outform", "DER")
        connection = http.client.HTTPSConnection("127.0.0.1", controller.ports[1], timeout=30, context=ssl.create_default_context(cafile=self.root))
        login = base64.b64encode(b"device:" + token.encode()).decode()
        connection.request("POST", "/.well-known/est/simpleenroll", base64.b64encode(request),
                           {"Content-Type": "application/pkcs10", "Authorization": f"Basic {login}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"enrolment: {answer.status} {body[:300]}")
        self.certificate.write_bytes(self.openssl("pkcs7", "-inform", "DER", "-print_certs", told=base64.b64decode(body)))

    def connect(self, controller):
        context = ssl.create_default_context(cafile=self.root)
        context.load_cert_chain(self.certificate, self.key)
        self.connection = http.client.HTTPSConnection("127.0.0.1", controller.ports[1], timeout=30, context=context)

    def check_in(self):
        self.sequence += 1
        message = {"version": 1, "sequence": self.sequence, "sentAt": 0, "agent": "bench", "hashes": {}}
        self.connection.request("POST", "/agent/v1/checkin", json.dumps(message), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


def revoke(api, token, district, device):
    api.request("POST", f"/api/v1/districts/{district}/devices/{device}/revoke", json.dumps({"reason": "sold"}),
                {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    answer = api.getresponse()
    body = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"revoke: {answer.status} {body[:300]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--rounds", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rollcall-revocation-") as room, Postgres() as server:
        room = pathlib.Path(room)
        one, two = (Controller(given.programs, room, name, server.create("fleet") if name == "one" else server.address("fleet"))
                    for name in ("one", "two"))
        try:
            one.init()
            one.start()
            two.start()
            lags, after = measure(given.rounds, room, one, two, given.programs)
        finally:
            one.stop()
            two.stop()
    lags.sort()
    print(f"rounds {len(lags)}: p50 {1000 * lags[len(lags) // 2]:.0f} ms, worst {1000 * lags[-1]:.0f} ms; "
          f"check-ins that the other controller still took after the answer: {after} in all, none later than that")
    if lags[-1] > 1:
        sys.exit("a revocation took longer than 1 s")


def measure(rounds, room, one, two, programs):
    operator = Operator(programs, room, one)
    serials = room / "serials.csv"
    serials.write_text("serial\n" + "".join(f"RV{number:06}\n" for number in range(rounds)))
    token = pathlib.Path(operator.token("fall", serials, rounds)).read_text().strip()
    root = one.state / "ca/root.pem"
    api = http.client.HTTPSConnection("127.0.0.1", one.ports[0], timeout=30, context=ssl.create_default_context(cafile=root))
    admin = (one.state / "admin.token").read_text().strip()
    lags, after = [], 0
    for number in range(rounds):
        device = Device(room, f"RV{number:06}", root)
        device.enrol(one, token)
        device.connect(two)
        end = time.monotonic() + 10
        while device.check_in() != 200:  # the enrolment, too, has to be known there
            if time.monotonic() > end:
                raise RuntimeError("the second controller never took the device")
        api.request("GET", f"/api/v1/devices?serial={device.serial}", headers={"Authorization": f"Bearer {admin}"})
        found = json.loads(api.getresponse().read())["items"][0]
        # Not always at the same place of the follower's rhythm.
        time.sleep(number % 10 * 0.037)
        revoke(api, admin, found["district"], found["id"])
        answered = time.monotonic()
        while (status := device.check_in()) == 200:
            after += 1
            if time.monotonic() - answered > 10:
                raise RuntimeError("the second controller still takes a revoked device after 10 s")
        if status not in (401, 403):
            raise RuntimeError(f"refused as {status}")
        lags.append(time.monotonic() - answered)
        device.connection.close()
    return lags, after


main()
