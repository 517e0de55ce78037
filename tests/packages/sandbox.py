#!/usr/bin/python3
"""Starts a program as a systemd unit says, as far as that goes without systemd:

    sandbox.py UNIT UID PROGRAM [ARGUMENT...]

As root: the user, no groups, no capabilities. As anybody: UMask=, Limit*=, NoNewPrivileges=, and by
seccomp SystemCallFilter=, SystemCallErrorNumber=, RestrictAddressFamilies=, RestrictNamespaces= and
MemoryDenyWriteExecute=. What needs mount namespaces or cgroups is left to systemd.
"""

import ctypes
import errno
import functools
import os
import resource
import socket
import subprocess
import sys

import seccomp
from seccomp import ALLOW, EQ, ERRNO, MASKED_EQ, Arg

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
CLONE_NEW = 0x7E020000 | 0x80  # namespaces of every kind
PROT_WRITE, PROT_EXEC = 2, 4
# What a filter of systemd allows whatever it says, so that the program can be started.
ALWAYS = {"execve", "exit", "exit_group", "getrlimit", "rt_sigreturn", "sigreturn"}
BY_ARGUMENT = {"socket", "mmap", "mprotect", "pkey_mprotect", "clone", "clone3", "unshare", "setns"}


def read_unit(path):
    """Every setting with all its values, in their order."""
    settings = {}
    with open(path) as unit:
        for line in unit:
            name, is_setting, value = line.strip().partition("=")
            if is_setting and not name.startswith("#"):
                settings.setdefault(name, []).append(value)
    return settings


@functools.cache
def known_sets():
    """What systemd has in each @set: system calls and other sets."""
    told = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter"], check=True,
                          capture_output=True, text=True).stdout
    sets = {}
    for line in told.splitlines():
        if line.startswith("@"):
            inside = sets[line.strip()] = []
        elif line.startswith("    ") and line.strip()[0] != "#":
            inside.append(line.strip())
    return sets


def expand(word):
    """The system calls of @a-set, or of a name."""
    if not word.startswith("@"):
        return {word}
    return set().union(*(expand(name) for name in known_sets()[word]))


def allowed_calls(unit):
    allowed = ALWAYS | expand("@default")
    for value in unit["SystemCallFilter"]:
        calls = set().union(*(expand(word) for word in value.lstrip("~").split()))
        allowed = allowed - calls if value.startswith("~") else allowed | calls
    return allowed


def load_filter(unit):
    rules = seccomp.SyscallFilter(ERRNO(getattr(errno, unit["SystemCallErrorNumber"][0])))
    for name in allowed_calls(unit) - BY_ARGUMENT:
        try:
            rules.add_rule(ALLOW, name)
        except RuntimeError:
            pass  # not a call of this architecture
    for family in unit["RestrictAddressFamilies"][0].split():
        rules.add_rule(ALLOW, "socket", Arg(0, EQ, getattr(socket, family)))
    assert unit["MemoryDenyWriteExecute"] == ["yes"] and unit["RestrictNamespaces"] == ["yes"]
    both = PROT_WRITE | PROT_EXEC
    for access in 0, PROT_WRITE, PROT_EXEC:
        rules.add_rule(ALLOW, "mmap", Arg(2, MASKED_EQ, both, access))
    rules.add_rule(ALLOW, "mprotect", Arg(2, MASKED_EQ, PROT_EXEC, 0))
    rules.add_rule(ALLOW, "clone", Arg(0, MASKED_EQ, CLONE_NEW, 0))
    rules.add_rule(ERRNO(errno.ENOSYS), "clone3")  # as systemd does: its flags are in memory
    rules.load()


def set_limits(unit):
    for name, kind in ("LimitCORE", resource.RLIMIT_CORE), ("LimitNOFILE", resource.RLIMIT_NOFILE):
        resource.setrlimit(kind, (int(unit[name][0]),) * 2)
    os.umask(int(unit["UMask"][0], 8))


def drop_rights(uid):
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if os.geteuid() == 0:
        for capability in range(64):
            prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")


def main(unit_file, uid, *command):
    unit = read_unit(unit_file)
    set_limits(unit)
    drop_rights(int(uid))
    load_filter(unit)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
