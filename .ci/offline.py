"""Run a command where only this network namespace's own loopback exists: unshare --net python3 .ci/offline.py COMMAND …

Brings the loopback up, makes sure that no database, cache, broker or other host answers, and becomes the command.
"""

import fcntl
import os
import socket
import struct
import sys

SIOCSIFFLAGS = 0x8914  # set the flags of an interface, see netdevice(7)
UP_AND_RUNNING = 0x1 | 0x40
MUST_NOT_ANSWER = [
    ("127.0.0.1", 3306),
    ("127.0.0.1", 5432),
    ("127.0.0.1", 6379),
    ("127.0.0.1", 5672),
    ("192.0.2.1", 80),
]


def main() -> None:
    """Run the command line. Does not return."""
    with socket.socket() as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh", b"lo", UP_AND_RUNNING))
    for address in MUST_NOT_ANSWER:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(address) == 0:
                sys.exit(f"{address[0]}:{address[1]} answers: this is no bare machine.")
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606  (becoming the command is what this is for)


if __name__ == "__main__":
    main()
