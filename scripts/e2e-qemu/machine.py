"""A QEMU machine with SMBIOS strings, an NVMe disk, an ATA disk and a TPM of its own, run under software emulation."""

import json
import pathlib
import re
import socket
import subprocess
import tempfile
import time

FIRMWARE = pathlib.Path("/usr/share/OVMF")
# The firmware clears every serial port that it finds.
FIRMWARE_NOISE = re.compile(r"\x1b\[[=0-9;]*[A-Za-z]")


class MachineError(Exception):
    """The machine did not do what was waited for."""


class Machine:
    """Boots `image` with `identity`, and `seed` as a second disk; whatever it writes comes from `out`.

    identity: serial, uuid, board_serial, chassis_serial, asset_tag, manufacturer, product, nvme_serial, ata_serial, mac.
    """

    def __init__(self, image, identity, seed, folder, seconds):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.image, self.identity, self.seed, self.seconds = image, identity, seed, seconds
        self.out = self.folder / "out.raw"
        self.events_file, self.console_file = self.folder / "events.log", self.folder / "console.log"
        self.sockets = tempfile.TemporaryDirectory(prefix="rollcall-qemu-")
        self.qemu = self.tpm = self.monitor = None
        self.deadline = time.monotonic() + seconds

    def __enter__(self):
        try:
            self._start_tpm()
            self._start_qemu()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in (self.qemu, self.tpm):
            if process and process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
        self.sockets.cleanup()

    def reset(self):
        """Presses the reset button: what the guest had not written to its disk is lost."""
        self._command("system_reset")

    def events(self):
        """What the guest has said on its second serial port, a line each."""
        if not self.events_file.exists():
            return []
        text = self.events_file.read_text(errors="replace")
        return [line for line in FIRMWARE_NOISE.sub("", text).splitlines() if line]

    def wait_for(self, condition, what):
        """Polls until `condition()` is true, the machine ends, or its time is up."""
        while True:
            found = condition()
            if found:
                return found
            if self.qemu.poll() is not None:
                raise MachineError(f"the machine ended while waiting for: {what}")
            if time.monotonic() > self.deadline:
                raise MachineError(f"no time left while waiting for: {what}")
            time.sleep(0.5)

    def wait_for_event(self, start, times=1):
        """Waits until the guest has said `times` lines that begin with `start`; a failed step ends the wait."""

        def said():
            lines = self.events()
            failed = [line for line in lines if line.startswith("steps failed")]
            if failed:
                raise MachineError("the guest says:\n" + "\n".join(lines))
            return len([line for line in lines if line.startswith(start)]) >= times

        self.wait_for(said, f"'{start}' from the guest, {times} times")

    def _start_tpm(self):
        state = self.folder / "tpm"
        state.mkdir(exist_ok=True)
        subprocess.run(
            ["swtpm_setup", "--tpm2", "--tpm-state", str(state.resolve()), "--overwrite", "--logfile", str(self.folder / "tpm.log")],
            check=True, stdout=subprocess.DEVNULL)
        self.tpm_socket = f"{self.sockets.name}/tpm"
        self.tpm = subprocess.Popen(
            ["timeout", str(self.seconds + 30), "swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state.resolve()}",
             "--ctrl", f"type=unixio,path={self.tpm_socket}", "--terminate"])
        for _ in range(100):
            if pathlib.Path(self.tpm_socket).exists():
                return
            time.sleep(0.1)
        raise MachineError("swtpm made no socket")

    def _start_qemu(self):
        disk, variables = self.folder / "disk.qcow2", self.folder / "firmware-variables"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", f"{pathlib.Path(self.image).resolve()}.ext4", str(disk)],
                       check=True)
        variables.write_bytes((FIRMWARE / "OVMF_VARS_4M.fd").read_bytes())
        with open(self.out, "wb") as out:
            out.truncate(16 * 1024 * 1024)
        with open(self.folder / "ata.raw", "wb") as ata:
            ata.truncate(64 << 20)
        self.monitor_path = f"{self.sockets.name}/monitor"
        log = open(self.folder / "qemu.log", "wb")
        self.qemu = subprocess.Popen(["timeout", str(self.seconds + 30)] + self._arguments(disk, variables), stdout=log, stderr=log)
        for _ in range(100):
            try:
                self.monitor = socket.socket(socket.AF_UNIX)
                self.monitor.settimeout(20)
                self.monitor.connect(self.monitor_path)
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise MachineError("QEMU's monitor does not answer: " + (self.folder / "qemu.log").read_text())
        self.replies = self.monitor.makefile("r")
        self.replies.readline()
        self._command("qmp_capabilities")

    def _arguments(self, disk, variables):
        told = self.identity
        return [
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", "max", "-smp", "2", "-m", "1024",
            "-display", "none", "-uuid", told["uuid"], "-qmp", f"unix:{self.monitor_path},server=on,wait=off",
            "-serial", f"file:{self.console_file}", "-serial", f"file:{self.events_file}",
            "-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE}/OVMF_CODE_4M.fd",
            "-drive", f"if=pflash,format=raw,file={variables}",
            "-kernel", f"{self.image}.vmlinuz", "-initrd", f"{self.image}.initrd",
            "-append", "root=/dev/nvme0n1 rw console=ttyS0 quiet systemd.show_status=1 panic=5",
            "-smbios", f"type=1,manufacturer={told['manufacturer']},product={told['product']},serial={told['serial']},uuid={told['uuid']}",
            "-smbios", f"type=2,manufacturer={told['manufacturer']},product={told['product']} board,serial={told['board_serial']}",
            "-smbios", f"type=3,manufacturer={told['manufacturer']},serial={told['chassis_serial']},asset={told['asset_tag']}",
            "-drive", f"file={disk},format=qcow2,if=none,id=system,cache=unsafe",
            "-device", f"nvme,drive=system,serial={told['nvme_serial']}",
            "-drive", f"file={self.folder / 'ata.raw'},format=raw,if=none,id=ata,cache=unsafe",
            # Debian's cloud kernel has a driver of this controller and none of AHCI; guest/ide.sh enables its ports.
            "-device", "piix3-ide,id=ide", "-device", f"ide-hd,bus=ide.0,drive=ata,serial={told['ata_serial']}",
            "-drive", f"file={self.seed},format=raw,if=none,id=seed,readonly=on",
            "-device", "virtio-blk-pci,drive=seed,serial=rollcall-seed",
            "-drive", f"file={self.out},format=raw,if=none,id=out,cache=unsafe",
            "-device", "virtio-blk-pci,drive=out,serial=rollcall-out",
            "-netdev", "user,id=net", "-device", f"virtio-net-pci,netdev=net,mac={told['mac']}", "-device", "virtio-rng-pci",
            "-chardev", f"socket,id=tpm,path={self.tpm_socket}", "-tpmdev", "emulator,id=tpm0,chardev=tpm",
            "-device", "tpm-crb,tpmdev=tpm0",
        ]

    def _command(self, name):
        self.monitor.sendall(json.dumps({"execute": name}).encode() + b"\n")
        while True:
            line = self.replies.readline()
            if not line:
                raise MachineError("QEMU closed its monitor")
            reply = json.loads(line)
            if "error" in reply:
                raise MachineError(f"QEMU refused {name}: {reply['error']}")
            if "return" in reply:
                return
