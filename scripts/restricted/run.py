"""Runs a program under a systemd unit's restrictions where systemd is not PID 1.

Usage, as root: run.py UNIT ROOM -- PROGRAM ARGUMENTS…
The program sees the folder ROOM as /srv, writable, and ROOM/measured as /run/rollcall-measure, where that is there;
everything else is as the unit says. What was applied is written to
ROOM/NAME-OF-UNIT.applied, and what is left to the QEMU machine to ROOM/NAME-OF-UNIT.left-out.
"""

import ctypes
import os
import pathlib
import resource
import sys

import seccomp

UID = GID = 61000
libc = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWIPC, NEWNET = 0x00020000, 0x08000000, 0x40000000
# linux/capability.h
CAPABILITIES = {"CAP_SYS_RAWIO": 17, "CAP_SYS_ADMIN": 21}
RDONLY, NOSUID, NODEV, NOEXEC, BIND, REC, PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
MOUNT_SETATTR, AT_RECURSIVE, ATTR_RDONLY = 442, 0x8000, 1
MEASURED = "/run/rollcall-measure"
# About the service manager and not a restriction, or kept by other means here.
NOT_RESTRICTIONS = {
    "Type", "NotifyAccess", "ExecStart", "ExecReload", "Restart", "RestartSec", "TimeoutStopSec", "WatchdogSec", "Nice",
    "IOSchedulingClass", "StateDirectory", "StateDirectoryMode", "ConfigurationDirectory", "ConfigurationDirectoryMode",
    "SystemCallErrorNumber", "RuntimeDirectory", "RuntimeDirectoryMode", "RuntimeDirectoryPreserve", "TimeoutStartSec",
}


def service_section(path):
    unit, inside = {}, False
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith("["):
            inside = line == "[Service]"
        elif inside and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            unit.setdefault(key, []).append(value)
    return unit


def must(status, what):
    if status:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source, target, kind=None, flags=0, options=None):
    def encoded(text):
        return text.encode() if text else None
    must(libc.mount(encoded(source), target.encode(), encoded(kind), ctypes.c_ulong(flags), encoded(options)), f"mount {target}")


def set_read_only(target, read_only, recursive=True):
    attributes = (ctypes.c_uint64 * 4)(ATTR_RDONLY if read_only else 0, 0 if read_only else ATTR_RDONLY, 0, 0)
    must(libc.syscall(MOUNT_SETATTR, -100, target.encode(), AT_RECURSIVE if recursive else 0, attributes, 32), f"mount_setattr {target}")


def lay_out_files(unit, room):
    """Mounts, in a namespace of our own."""
    def yes(name):
        return unit.get(name, ["no"])[-1] == "yes"
    applied, writable = ["PrivateMounts"], ["/srv"]
    namespaces = (NEWIPC if yes("PrivateIPC") else 0) | (NEWNET if yes("PrivateNetwork") else 0)
    must(libc.unshare(NEWNS | namespaces), "unshare")
    mount(None, "/", flags=REC | PRIVATE)
    mount(room, "/srv", flags=BIND)
    if os.path.isdir(MEASURED):
        mount(os.path.join(room, "measured"), MEASURED, flags=BIND)
        writable += [MEASURED] if os.path.basename(MEASURED) in unit.get("RuntimeDirectory", []) else []
    if yes("PrivateTmp"):
        for folder in ("/tmp", "/var/tmp"):
            mount("tmpfs", folder, "tmpfs", NOSUID | NODEV, "mode=1777")
            writable.append(folder)
    if yes("ProtectHome"):
        for folder in ("/home", "/root", "/run/user"):
            if os.path.isdir(folder):
                mount("tmpfs", folder, "tmpfs", NOSUID | NODEV | NOEXEC, "mode=000")
    if yes("PrivateDevices"):
        private_devices()
        writable.append("/dev")
    for path in (word.lstrip("-") for line in unit.get("InaccessiblePaths", []) for word in line.split()):
        if os.path.isdir(path):
            mount("tmpfs", path, "tmpfs", NOSUID | NODEV | NOEXEC, "mode=000")
        elif os.path.exists(path):
            mount("/dev/null", path, flags=BIND)
    proc = [f"hidepid={unit['ProtectProc'][-1]}"] if "ProtectProc" in unit else []
    proc += ["subset=pid"] if unit.get("ProcSubset") == ["pid"] else []
    mount("proc", "/proc", "proc", NOSUID | NODEV | NOEXEC, ",".join(proc))
    if unit.get("ProtectSystem") == ["strict"]:
        # Stricter than systemd: /proc and /sys are read-only whole.
        set_read_only("/", True)
        for folder in writable:
            set_read_only(folder, False)
    applied += [name for name in (
        "PrivateIPC", "PrivateNetwork", "PrivateTmp", "ProtectHome", "PrivateDevices", "InaccessiblePaths", "ProtectProc", "ProcSubset", "ProtectSystem",
        "ProtectControlGroups", "ProtectKernelTunables") if name in unit]
    return applied


def private_devices():
    """A /dev with the pseudo devices alone."""
    aside = "/srv/.dev"
    os.makedirs(aside, exist_ok=True)
    mount("tmpfs", aside, "tmpfs", NOSUID | NOEXEC, "mode=755")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        pathlib.Path(aside, name).touch()
        mount(f"/dev/{name}", f"{aside}/{name}", flags=BIND)
    os.mkdir(f"{aside}/shm")
    os.chmod(f"{aside}/shm", 0o1777)
    mount(aside, "/dev", flags=BIND | REC)


def drop_powers(unit):
    applied = ["User", "Group", "NoNewPrivileges", "CapabilityBoundingSet", "AmbientCapabilities"]
    kept = {CAPABILITIES[name] for name in unit["CapabilityBoundingSet"][-1].split()}
    for capability in range(64):
        if capability not in kept and libc.prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
            break
    for name, limit in (("LimitNOFILE", resource.RLIMIT_NOFILE), ("LimitCORE", resource.RLIMIT_CORE)):
        if name in unit:
            most = resource.getrlimit(limit)[1]
            value = int(unit[name][-1])
            resource.setrlimit(limit, (value if most == resource.RLIM_INFINITY else min(value, most),) * 2)
            applied.append(name)
    if "UMask" in unit:
        os.umask(int(unit["UMask"][-1], 8))
        applied.append("UMask")
    os.setgroups([])
    os.setresgid(GID, GID, GID)
    if unit["User"] != ["root"]:
        os.setresuid(UID, UID, UID)
    must(libc.prctl(38, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
    return applied


def main():
    path, room, program = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[4:]
    unit, name = service_section(path), pathlib.Path(path).name
    allowed = [open(os.path.join(room, f"{name}.{what}"), "w") for what in ("applied", "left-out")]
    # Asked of systemd while its program can still be run.
    calls = seccomp.allowed_calls(unit.get("SystemCallFilter", []))
    applied = lay_out_files(unit, room)
    os.chdir("/srv")
    applied += drop_powers(unit)
    # Once the filters are loaded, little more than exec is sure to work: the lists are written before.
    predicted = [key for key in ("RestrictAddressFamilies", "MemoryDenyWriteExecute", "RestrictNamespaces", "LockPersonality",
                                 "RestrictSUIDSGID", "SystemCallFilter") if key in unit]
    left_out = set(unit) - set(applied) - set(predicted) - NOT_RESTRICTIONS
    for file, names in zip(allowed, (sorted(applied + predicted), sorted(left_out))):
        file.write("\n".join(names) + "\n")
        file.close()
    if set(seccomp.load(unit, calls)) != set(predicted):
        raise SystemExit("the filters are not those of the unit")
    os.execv(program[0], program)


main()
