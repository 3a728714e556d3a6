"""Boots the machine, lets it enrol and check in, resets it, and compares what is shown with what QEMU was told."""

import argparse
import pathlib
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))

from controller import Controller  # noqa: E402
from machine import Machine, MachineError  # noqa: E402

NAME = "controller.rollcall.test"  # the guest's /etc/hosts says where that is
DISTRICT, BATCH = "cedar-falls", "qemu"

TOLD = {
    "serial": "RC-QEMU-0001", "uuid": "5b7c9a52-6f0e-4e0b-9d0c-0c6f2a7c1d11", "board_serial": "BRD-77A1",
    "chassis_serial": "CHS-0099", "asset_tag": "CF-000123", "manufacturer": "Acme", "product": "Kiosk-9",
    "nvme_serial": "NV-S3RIAL-42", "ata_serial": "QM-ATA-0007", "mac": "00:16:3e:4a:11:07",
}
# One package of the machine in a version that is not installed: one update waits.
LISTED = "Package: dash\nArchitecture: amd64\nVersion: 9999:1\n\nPackage: dpkg\nArchitecture: amd64\nVersion: 0.1\n"
# Where the reporting unit's process stands, as the kernel tells it: no power at all, and filters loaded.
RESTRICTED = {"CapEff": "0000000000000000", "CapBnd": "0000000000000000", "NoNewPrivs": "1", "Seccomp": "2"}


def prepare(controller, folder):
    """The district, a batch that expects the machine's serial, and a token for it alone."""
    serials, token = folder / "serials.csv", folder / "token"
    serials.write_text(f"serial\n{TOLD['serial']}\n")
    controller.rollcall("district", "create", DISTRICT, "--name", "Cedar Falls (example)")
    controller.rollcall("batch", "create", "--district", DISTRICT, "--id", BATCH, "--serials", str(serials))
    controller.rollcall("token", "create", "--district", DISTRICT, "--batch", BATCH, "--serial", TOLD["serial"],
                        "--uses", "1", "--expires-in-hours", "1", "--output-file", str(token))
    return token


def seed(programs, token, port, folder):
    """The second disk: programs, units, accounts, the token, and the steps."""
    root, disk = folder / "seed", folder / "seed.tar"
    for program in ("rollcall-agent", "rollcalld"):
        place(programs / program, root / "usr/bin" / program, 0o755)
    units = REPOSITORY / "systemd"
    for unit in [*units.glob("*.service"), *units.glob("*.timer")]:
        place(unit, root / "usr/lib/systemd/system" / unit.name, 0o644)
    for kind in ("sysusers.d", "tmpfiles.d"):
        for file in (units / kind).glob("*.conf"):
            place(file, root / "usr/lib" / kind / file.name, 0o644)
    lists = root / "var/lib/apt/lists"
    lists.mkdir(parents=True)
    (lists / "rollcall.test_dists_bookworm_main_binary-amd64_Packages").write_text(LISTED)
    place(HERE / "guest/steps.sh", root / "usr/local/sbin/rollcall-steps", 0o755)
    place(HERE / "guest/ide.sh", root / "usr/local/sbin/rollcall-ide", 0o755)
    place(HERE / "guest/rollcall-ide.service", root / "etc/systemd/system/rollcall-ide.service", 0o644)
    place(HERE / "guest/capture.pl", root / "usr/local/sbin/rollcall-capture", 0o755)
    place(token, root / "etc/rollcall/token", 0o644)
    (root / "etc/rollcall/agent.conf").write_text(f"controller = https://{NAME}:{port}\ntoken-file = /etc/rollcall/token\n")
    subprocess.run(["tar", "--create", f"--file={disk}", "--owner=0", "--group=0", f"--directory={root}", "."], check=True)
    return disk


def place(source, target, mode):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def comparisons(device):
    """Each thing that QEMU was told, beside what the controller shows."""
    identity, hardware = device["facts"]["identity"], device["facts"]["hardware"]
    disks = {disk.get("serial"): disk for disk in hardware["disks"]}
    nvme, ata = disks.get(TOLD["nvme_serial"], {}), disks.get(TOLD["ata_serial"], {})
    health = {disk["name"]: disk for disk in device["facts"]["vitals"]["disks"]}
    nvme_health, ata_health = health.get(nvme.get("name"), {}), health.get(ata.get("name"), {})
    return [
        ("serial", TOLD["serial"], device.get("serial")),
        ("identity", "strong", device.get("identity")),
        ("SMBIOS UUID", TOLD["uuid"], (identity.get("uuid") or "").lower()),
        ("board serial", TOLD["board_serial"], identity.get("boardSerial")),
        ("chassis serial", TOLD["chassis_serial"], identity.get("chassisSerial")),
        ("asset tag of the firmware", TOLD["asset_tag"], identity.get("assetTag")),
        ("vendor", TOLD["manufacturer"], identity.get("vendor")),
        ("product", TOLD["product"], identity.get("product")),
        ("built-in adapters", [TOLD["mac"]], identity.get("builtInMACs")),
        ("NVMe serial", TOLD["nvme_serial"], nvme.get("serial")),
        ("NVMe model", "QEMU NVMe Ctrl", nvme.get("model")),
        ("NVMe kind", "nvme", nvme.get("kind")),
        ("NVMe capacity", 1 << 30, nvme.get("bytes")),
        ("NVMe verdict, measured by root", True, nvme_health.get("healthy")),
        ("NVMe endurance used, percent", 0, nvme_health.get("percentUsed")),
        # QEMU 7.2 leaves this byte of the page at zero.
        ("NVMe spare blocks, percent", 0, nvme_health.get("sparePercent")),
        ("ATA serial", TOLD["ata_serial"], ata.get("serial")),
        ("ATA kind", "ata", ata.get("kind")),
        ("ATA verdict, measured by root", True, ata_health.get("healthy")),
        # QEMU's constants, hw/ide/core.c smart_attributes.
        ("ATA hours powered on", 1, ata_health.get("powerOnHours")),
        ("ATA temperature", 31_000, ata_health.get("temperatureMillicelsius")),
        ("updates that wait", 1, device["facts"]["vitals"].get("updatesAvailable")),
        ("TPM", "2.0", hardware.get("tpmVersion")),
        ("UEFI", True, hardware.get("uefi")),
        ("host name", "rollcall-machine", device.get("hostname")),
        ("management", "agent", device.get("management")),
        ("keys", ["active"], [key["state"] for key in device["keys"]]),
    ]


def restrictions(events):
    """What the kernel says of the reporting unit's process at each of the two boots, beside what its unit promises."""
    return [(f"reporting unit: {name}", [value] * 2, [line.split()[2] for line in events if line.startswith(f"agent {name}:")])
            for name, value in RESTRICTED.items()] + [
        ("reporting unit: account", [False] * 2, [line.split()[2] == "0" for line in events if line.startswith("agent Uid:")]),
        ("reporting unit: disks' devices", ["hidden"] * 2,
         [line.split()[2] for line in events if line.startswith("agent disks ")]),
        ("what ended or started first of the two units", ["rollcall-measure.service"] * 2,
         [line.split()[2] for line in events if line.startswith("units: ")]),
        ("what was measured: owners and modes", ["root rollcall-agent 750, root 644"] * 2,
         [line.removeprefix("measured file ") for line in events if line.startswith("measured file ")]),
    ]


def boot_of(device):
    return device["facts"]["system"]["bootID"]


def main():
    parser = argparse.ArgumentParser()
    for name in ("programs", "image", "folder"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    given = parser.parse_args()
    folder, start = given.folder.resolve(), time.monotonic()

    def say(text):
        print(f"{time.monotonic() - start:6.0f} s  {text}", flush=True)

    with Controller(given.programs, folder, NAME) as controller:
        token = prepare(controller, folder)
        disk = seed(given.programs, token, controller.devices_port, folder)
        say("the controller runs; the machine starts")
        with Machine(given.image, TOLD, disk, folder, seconds=1300) as machine:
            machine.wait_for_event("steps done", 1)
            first = machine.wait_for(lambda: controller.device(TOLD["serial"]), "the first check-in")
            say(f"enrolled and checked in, boot {boot_of(first)}")
            (folder / "device-before.txt").write_text(controller.rollcall("device", "show", TOLD["serial"]))

            machine.reset()
            say("reset")
            machine.wait_for_event("agent active", 2)

            def again():
                device = controller.device(TOLD["serial"])
                return device if device and boot_of(device) != boot_of(first) else None

            second = machine.wait_for(again, "a check-in after the reset")
            say(f"checked in again, boot {boot_of(second)}")
            machine.wait_for_event("steps done", 2)
            events = machine.events()
        shown = controller.rollcall("device", "show", TOLD["serial"])
        batch = controller.rollcall("batch", "show", BATCH, "--district", DISTRICT)
    say("the machine and the controller have stopped")
    print("\nThe machine said:\n  " + "\n  ".join(events))
    print(f"\n$ rollcall batch show {BATCH}\n{batch}\n$ rollcall device show {TOLD['serial']}\n{shown}")

    table = comparisons(second) + restrictions(events) + [("the same device and key after the reset", (first["id"], first["keys"][0]["key"]),
                                    (second["id"], second["keys"][0]["key"]))]
    wrong = [row for row in table if row[1] != row[2]]
    for name, told, is_shown in table:
        print(f"{'ok   ' if told == is_shown else 'WRONG'} {name}: {is_shown}" + ("" if told == is_shown else f", told {told}"))
    print(f"\n{len(table) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    # So that `timeout` and Ctrl-C end the machine, its TPM and the controller too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except (MachineError, RuntimeError, subprocess.SubprocessError) as error:
        sys.exit(f"e2e-qemu: {error}")
