"""The real agent with its key in a TPM (swtpm, on loopback) enrols with the real controller and checks in.

Usage: scripts/e2e-tpm/run.py --programs bin
Looked at: no key lies in the state folder, the controller knows the TPM's public key, a contact needs the TPM, and
`doctor` says so in plain words when it is gone.
"""

import argparse
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from controller import Controller  # noqa: E402

HANDLE = "0x81000001"


def run(*words, environment=None, expect=0):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, env=environment)
    if done.returncode != expect:
        raise SystemExit(f"{words[0]} {words[1]}: exit code {done.returncode}, expected {expect}\n{done.stdout}{done.stderr}")
    return done.stdout


class TPM:
    """A software TPM 2.0 with its state in a folder; nothing manages its slots, so each step empties them."""

    def __init__(self, folder):
        self.folder, self.state, self.process = folder, folder / "tpm", None
        self.state.mkdir()
        self.port = self._free_ports()
        self.interface = f"swtpm:host=127.0.0.1,port={self.port}"
        self.environment = dict(os.environ, TPM2TOOLS_TCTI=self.interface)

    @staticmethod
    def _free_ports():
        """A port whose successor, where tss2 looks for the control channel, is free as well."""
        for _ in range(50):
            with socket.socket() as first, socket.socket() as second:
                first.bind(("127.0.0.1", 0))
                port = first.getsockname()[1]
                try:
                    second.bind(("127.0.0.1", port + 1))
                    return port
                except OSError:
                    continue
        raise SystemExit("no two free ports beside each other")

    def start(self):
        self.process = subprocess.Popen(
            ["timeout", "300", "swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}",
             "--server", f"type=tcp,port={self.port},bindaddr=127.0.0.1",
             "--ctrl", f"type=tcp,port={self.port + 1},bindaddr=127.0.0.1", "--flags", "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        for _ in range(100):
            if subprocess.run(["tpm2_flushcontext", "-t"], env=self.environment, capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        raise SystemExit("swtpm does not answer")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    def tool(self, name, *words):
        text = run(f"tpm2_{name}", *words, environment=self.environment)
        run("tpm2_flushcontext", "-t", environment=self.environment)
        return text

    def make_key(self):
        """What an operator does once for a machine; the steps stand in docs/configuration.md."""
        primary, public, private, key = (str(self.folder / name) for name in ("primary.ctx", "key.pub", "key.priv", "key.ctx"))
        self.tool("createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", primary)
        self.tool("create", "-Q", "-C", primary, "-G", "ecc256", "-u", public, "-r", private,
                  "-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign")
        self.tool("load", "-Q", "-C", primary, "-u", public, "-r", private, "-c", key)
        self.tool("evictcontrol", "-C", "o", "-c", key, HANDLE)
        self.tool("readpublic", "-c", HANDLE, "-f", "pem", "-o", str(self.folder / "public.pem"))
        return (self.folder / "public.pem").read_text()


def story(programs, folder, controller, tpm):
    """Prints a line for each thing that was seen."""
    public = tpm.make_key()
    print(f"ok: a P-256 key made in the TPM, kept at {HANDLE}")
    controller.rollcall("district", "create", "cedar-falls", "--name", "Cedar Falls (example)")
    controller.rollcall("batch", "create", "--district", "cedar-falls", "--id", "tpm")
    token, state, settings = folder / "token", folder / "agent", folder / "agent.conf"
    controller.rollcall("token", "create", "--district", "cedar-falls", "--batch", "tpm", "--allow-unidentified", "--uses", "1",
                        "--output-file", str(token))
    settings.write_text(f"controller = https://localhost:{controller.devices_port}\nstate-dir = {state}\nkey = handle:{HANDLE}\n")
    environment = dict(os.environ, OPENSSL_CONF=str(HERE / "openssl.cnf"), TPM2OPENSSL_TCTI=tpm.interface)

    def agent(*words, expect=0):
        return run(programs / "rollcall-agent", *words, "--config", settings, environment=environment, expect=expect)

    print("ok:", agent("enroll", "--token-file", token).strip())
    for _ in range(2):
        print("ok:", agent("once").strip())
    certificate = run("openssl", "x509", "-in", state / "device.pem", "-noout", "-pubkey")
    assert certificate == public, "the certificate is for another key"
    assert not (state / "device.key").exists() and not list(state.glob("*.key*")), "a key lies in the state folder"
    print("ok: the certificate is for the TPM's key, and no key lies in the state folder")
    findings = agent("doctor")
    assert f"Key: in hardware at handle:{HANDLE}" in findings and "Nothing is wrong." in findings, findings
    print("ok: doctor says nothing is wrong")
    tpm.stop()
    agent("once", expect=74)
    findings = agent("doctor", expect=1)
    assert "WRONG Key: No private key was found" in findings, findings
    print("ok: without the TPM there is no contact, and doctor names the key")
    tpm.start()
    print("ok:", agent("once").strip())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, type=pathlib.Path)
    programs = parser.parse_args().programs.resolve()
    with tempfile.TemporaryDirectory(prefix="rollcall-tpm-") as room:
        folder = pathlib.Path(room)
        tpm = TPM(folder)
        tpm.start()
        try:
            with Controller(programs, folder, interval=3600) as controller:
                story(programs, folder, controller, tpm)
        finally:
            tpm.stop()


main()
