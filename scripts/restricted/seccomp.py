"""Loads the system call filters of a systemd unit into this process, through libseccomp."""

import ctypes
import errno
import os
import re
import socket
import subprocess

ALLOW = 0x7FFF0000
NOT_EQUAL, EQUAL, GREATER, MASKED_EQUAL = 1, 4, 6, 7
NEW_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
HIGHEST_FAMILY = 45


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def refusal(code):
    return 0x00050000 | code


class Filter:
    """One filter; the kernel runs all that are loaded and takes the strictest answer."""

    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p

    def __init__(self, default):
        self.context = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(default)))

    def add(self, name, action, *comparisons):
        """False where this machine's architecture has no such call."""
        number = self.library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            return False
        array = (Comparison * len(comparisons))(*comparisons)
        status = self.library.seccomp_rule_add_array(self.context, ctypes.c_uint32(action), number, len(comparisons), array)
        if status:
            raise OSError(-status, f"{name}: {os.strerror(-status)}")
        return True

    def load(self):
        status = self.library.seccomp_load(self.context)
        if status:
            raise OSError(-status, "seccomp_load")


def group(name):
    """The calls of one of systemd's groups, such as `@system-service`."""
    lines = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True).stdout
    calls = set()
    for word in re.findall(r"^ {4}([@a-z0-9_-]+)", lines, re.MULTILINE):
        calls |= group(word) if word.startswith("@") else {word}
    return calls


def allowed_calls(lines):
    """SystemCallFilter=, line by line: the first an allow-list, those with `~` taken from it."""
    calls = group("@default")
    for line in lines:
        listed = set()
        for word in line.lstrip("~").split():
            listed |= group(word) if word.startswith("@") else {word}
        calls = calls - listed if line.startswith("~") else calls | listed
    return calls


def load(unit, calls):
    """All of the unit's filters, and `calls` as its allow-list. Returns what was applied.

    `unit` maps each directive to its values in order.
    """
    applied, extra = [], Filter(ALLOW)

    def yes(name):
        if unit.get(name, ["no"])[-1] != "yes":
            return False
        applied.append(name)
        return True

    if "RestrictAddressFamilies" in unit:
        families = {getattr(socket, name).value for name in unit["RestrictAddressFamilies"][-1].split() if name != "none"}
        for family in set(range(HIGHEST_FAMILY + 1)) - families:
            extra.add("socket", refusal(errno.EAFNOSUPPORT), Comparison(0, EQUAL, family, 0))
        extra.add("socket", refusal(errno.EAFNOSUPPORT), Comparison(0, GREATER, HIGHEST_FAMILY, 0))
        applied.append("RestrictAddressFamilies")
    if yes("MemoryDenyWriteExecute"):
        extra.add("mmap", refusal(errno.EPERM), Comparison(2, MASKED_EQUAL, 6, 6))
        for name in ("mprotect", "pkey_mprotect"):
            extra.add(name, refusal(errno.EPERM), Comparison(2, MASKED_EQUAL, 4, 4))
        extra.add("shmat", refusal(errno.EPERM), Comparison(2, MASKED_EQUAL, 0o100000, 0o100000))
    if yes("RestrictNamespaces"):
        for name in ("unshare", "setns"):
            extra.add(name, refusal(errno.EPERM))
        extra.add("clone3", refusal(errno.ENOSYS))
        for flag in NEW_NAMESPACES:
            extra.add("clone", refusal(errno.EPERM), Comparison(0, MASKED_EQUAL, flag, flag))
    if yes("LockPersonality"):
        extra.add("personality", refusal(errno.EPERM), Comparison(0, NOT_EQUAL, 0, 0))
    if yes("RestrictSUIDSGID"):
        for name, argument in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2)):
            for bit in (0o4000, 0o2000):
                extra.add(name, refusal(errno.EPERM), Comparison(argument, MASKED_EQUAL, bit, bit))
    extra.load()
    if "SystemCallFilter" in unit:
        # Last, because it may refuse what loads filters.
        allow_list = Filter(refusal(errno.EPERM))
        for name in calls:
            allow_list.add(name, ALLOW)
        allow_list.load()
        applied.append("SystemCallFilter")
    return applied
