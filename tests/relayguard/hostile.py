#!/usr/bin/env python3
"""hostile.py - clients of relayguard that never end what they send

    hostile.py PID KIND ADDRESS COUNT [KIND ADDRESS COUNT]...

COUNT connections of KIND (milter, sender or policy) to the socket ADDRESS each
send as much as they can: a milter packet that lacks its last byte; an address
as long as a packet, and then such a packet; a request without its end.  When
process PID has read all, prints the most memory that it has had, in KiB.
"""
import array
import fcntl
import resource
import socket
import struct
import sys
import termios
import time

PACKET = 256 * 1024
DEADLINE = 300


def packet(command, data, size=None):
    return struct.pack("!I", (size or len(data)) + 1) + command + data


OPTIONS = packet(b"O", struct.pack("!III", 6, 0x1FF, 0x1FFFFF))
ENDLESS = packet(b"R", b"<" + b"x" * (PACKET - 8), PACKET - 1)
CLIENT = packet(b"C", b"x" * 1000 + b"\0004\0\0192.0.2.1\0")
SENDER = packet(b"M", b"<" + b"y" * (PACKET - 8) + b">\0")
WHAT = {
    "milter": OPTIONS + ENDLESS,
    "sender": OPTIONS + CLIENT + SENDER + ENDLESS,
    "policy": b"request=smtpd_access_policy\nsender=" + b"z" * 65000,
}


def unread(peer):
    """Bytes that the other side has not read, of a connection that is open."""
    size = array.array("i", [0])
    fcntl.ioctl(peer, termios.TIOCOUTQ, size)
    return size[0]


def main(pid, *words):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peers = []
    for kind, address, count in zip(words[::3], words[1::3], words[2::3]):
        for _ in range(int(count)):
            peer = socket.socket(socket.AF_UNIX)
            # with a timeout it would not wait for a place in the queue
            peer.connect(address)
            peer.settimeout(DEADLINE)
            try:
                peer.sendall(WHAT[kind])
            except ConnectionError:
                pass
            peers.append(peer)
    end = time.monotonic() + DEADLINE
    while any(unread(peer) for peer in peers):
        assert time.monotonic() < end, "it does not read"
        time.sleep(0.05)
    with open("/proc/%s/status" % pid, encoding="ascii") as status:
        print(next(line.split()[1] for line in status if line.startswith("VmHWM")))


if __name__ == "__main__":
    main(*sys.argv[1:])
