#!/usr/bin/env python3
"""Runs the browser EV_CHROMIUM_PROGRAM so that it does not hear of changes of the network interfaces.

When a container starts on the machine, Chromium gives up all requests with ERR_NETWORK_CHANGED. It hears of that over a
netlink socket; where the kernel refuses one, it goes on without. The platform under test is on the loopback interface.
"""

import ctypes
import os
import struct
import sys

# Instructions of the kernel's filter: load a word, compare it, return.
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
REFUSE, ALLOW = 0x00050000, 0x7FFF0000
SYSCALL_NUMBER, FIRST_ARGUMENT = 0, 16
AF_NETLINK, ADDRESS_FAMILY_NOT_SUPPORTED = 16, 97
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SOCKET_SYSCALLS = {"x86_64": 41, "aarch64": 198}


def refuse_netlink(socket_syscall):
    """Lets the kernel refuse netlink sockets to this process and to those that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    instructions = [
        (LOAD, 0, 0, SYSCALL_NUMBER),
        (IF_EQUAL, 0, 3, socket_syscall),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (IF_EQUAL, 0, 1, AF_NETLINK),
        (RETURN, 0, 0, REFUSE | ADDRESS_FAMILY_NOT_SUPPORTED),
        (RETURN, 0, 0, ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in instructions))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(code)))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0):
        sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    # On another kind of machine the browser runs as it is.
    if os.uname().machine in SOCKET_SYSCALLS:
        refuse_netlink(SOCKET_SYSCALLS[os.uname().machine])
    browser = os.environ["EV_CHROMIUM_PROGRAM"]
    os.execvp(browser, [browser, *sys.argv[1:]])
