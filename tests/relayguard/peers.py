#!/usr/bin/env python3
"""peers.py - those who talk to relayguard in its tests: a mail server that
speaks the milter protocol, one that asks by the policy protocol, a name server

    peers.py serve                     does what each line of standard input says,
                                       one of these with \\x1f between its words,
                                       and ends what it prints with a line \\x1e:
        milter ADDRESS LINE...         prints the answer to each line
        policy ADDRESS [-NAME|NAME=VALUE|+TEXT]...
                                       prints the answer: NAME is left out, set, or
                                       TEXT added as it is
        smtp [-p] PORT CLIENT COMMAND...
                                       prints the last line of the answer to each
                                       command of a client with that address, and
                                       "closed" where there is none; -p: all of
                                       them at once.  "message TEXT" is a message
    peers.py milter|smtp WORD...       that alone
    peers.py crowd PORT COUNT          so many sessions, side by side: prints how
                                       many were refused, and let in, wrongly
    peers.py dns FILE                  prints its port of 127.0.0.1 and answers as
                                       FILE says, which is read again for each
                                       question, until it is killed

ADDRESS is a path or a port of 127.0.0.1.  Lines of milter: connect ADDRESS NAME
STATE; mail SENDER [AUTH]; rcpt RECIPIENT; refused RECIPIENT STATUS TEXT; data;
header NAME VALUE; end; abort; next; quit; unknown TEXT; sleep SECONDS.
Lines of FILE: NAME a ADDRESS, NAME mx HOST, NAME ns HOST, NAME ptr HOST, NAME fail|
drop|nodata, NAME slow SECONDS; *.NAME stands for all names below; others do not exist.
"""
import re
import socket
import struct
import sys
import time


def connect(address):
    if address.isdigit():
        return socket.create_connection(("127.0.0.1", int(address)), 60)
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(60)
    peer.connect(address)
    return peer


class Milter:
    """The mail server's side of one connection."""

    def __init__(self, address, actions=0x1FF, steps=0x1FFFFF, version=6):
        self.peer = connect(address)
        self.data = b""
        self.send(b"O", struct.pack("!III", version, actions, steps))
        command, data = self.receive()
        assert command == b"O", command
        self.version, self.actions, self.steps = struct.unpack("!III", data[:12])
        self.changes = []

    def send(self, command, data=b""):
        self.peer.sendall(struct.pack("!I", len(data) + 1) + command + data)

    def receive(self):
        while len(self.data) < 4 or len(self.data) < 4 + struct.unpack("!I", self.data[:4])[0]:
            more = self.peer.recv(65536)
            if not more:
                return b"", b""
            self.data += more
        size = struct.unpack("!I", self.data[:4])[0]
        packet, self.data = self.data[4 : 4 + size], self.data[4 + size :]
        return packet[:1], packet[1:]

    def macros(self, command, values):
        pairs = b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in values.items())
        self.send(b"D", command + pairs)

    def answer(self):
        """"continue" or the text of a reply; changes go to self.changes."""
        while True:
            command, data = self.receive()
            if command == b"c":
                return "continue"
            if command == b"y":
                return data.rstrip(b"\0").decode("latin-1").replace("%%", "%")
            if command == b"":
                return "closed"
            self.changes.append((command, data))

    def connected(self, address, name="unknown", state="FAIL"):
        family = b"L" if address == "-" else b"6" if ":" in address else b"4"
        shown = "IPv6:" + address if family == b"6" else address
        self.macros(b"C", {"{client_addr}": address, "{client_name}": name, "{client_resolve}": state})
        place = b"" if address == "-" else struct.pack("!H", 4711) + shown.encode() + b"\0"
        self.send(b"C", name.encode() + b"\0" + family + place)
        if not self.steps & 0x1000:
            return self.answer()
        return "no answer"

    def mail(self, sender, auth=None):
        self.macros(b"M", {"i": "Q1", **({"{auth_authen}": auth} if auth else {})})
        self.send(b"M", sender.encode("utf-8", "surrogateescape") + b"\0")
        return self.answer()

    def rcpt(self, recipient, macros=None):
        if macros:
            self.macros(b"R", macros)
        self.send(b"R", recipient.encode("utf-8", "surrogateescape") + b"\0")
        return self.answer()

    def header(self, name, value):
        if self.steps & 0x20:
            return "not asked for"
        self.send(b"L", name.encode() + b"\0" + value.encode() + b"\0")
        return "no answer" if self.steps & 0x80 else self.answer()

    def end(self):
        self.changes = []
        self.send(b"E")
        answer = self.answer()
        for command, data in self.changes:
            index = struct.unpack("!I", data[:4])[0]
            answer += " %s %d %s" % (
                {b"i": "insert", b"m": "change"}[command],
                index,
                data[4:].rstrip(b"\0").replace(b"\0", b"=").decode(),
            )
        return answer

    def simple(self, command, data=b""):
        self.send(command, data)
        return self.answer()


def milter(address, *lines):
    server = Milter(address)
    for line in lines:
        word, *rest = line.split(" ")
        if word == "connect":
            print(server.connected(*rest))
        elif word == "mail":
            print(server.mail(*re.match(r"(<.*>|\S*)(?: (\S+))?$", " ".join(rest)).groups()))
        elif word == "rcpt":
            print(server.rcpt(" ".join(rest)))
        elif word == "refused":
            names = {"{rcpt_mailer}": "error", "{rcpt_host}": rest[1], "{rcpt_addr}": " ".join(rest[2:])}
            print(server.rcpt(rest[0], names))
        elif word == "data":
            print(server.simple(b"T"))
        elif word == "unknown":
            print(server.simple(b"U", " ".join(rest).encode() + b"\0"))
        elif word == "header":
            print(server.header(rest[0], " ".join(rest[1:])))
        elif word == "end":
            print(server.end())
        elif word == "abort":
            server.send(b"A")
            print("no answer")
        elif word == "next":
            server.send(b"K")
            print("no answer")
        elif word == "quit":
            server.send(b"Q")
            print("no answer")
        elif word == "sleep":
            time.sleep(float(rest[0]))
        sys.stdout.flush()


REQUEST = {
    "request": "smtpd_access_policy",
    "protocol_state": "RCPT",
    "protocol_name": "ESMTP",
    "helo_name": "client.example.test",
    "queue_id": "",
    "sender": "a@example.org",
    "recipient": "b@example.com",
    "client_address": "192.0.2.1",
    "client_name": "unknown",
    "reverse_client_name": "unknown",
    "instance": "1.1.1",
    "client_port": "4711",
    "sasl_username": "",
}


def request(changes=()):
    values, added = dict(REQUEST), b""
    for change in changes:
        if change.startswith("-"):
            values.pop(change[1:], None)
        elif change.startswith("+"):
            added += change[1:].encode("utf-8", "surrogateescape") + b"\n"
        else:
            name, value = change.split("=", 1)
            values[name] = value
    lines = "".join("%s=%s\n" % pair for pair in values.items())
    return lines.encode("utf-8", "surrogateescape") + added + b"\n"


def policy(address, *changes):
    peer = connect(address)
    peer.sendall(request(changes))
    data = b""
    while not data.endswith(b"\n\n"):
        more = peer.recv(65536)
        if not more:
            print("closed")
            return
        data += more
    print(data.decode("latin-1").rstrip("\n"))


class Smtp:
    """A client's session."""

    def __init__(self, port, client):
        server = "::1" if ":" in client else "127.0.0.1"
        self.peer = socket.create_connection((server, int(port)), 60, (client, 0))
        self.file = self.peer.makefile("rb")
        self.answer()
        self.command("EHLO client.example.test")

    def answer(self):
        try:
            line = self.file.readline()
            while line[3:4] == b"-":
                line = self.file.readline()
        except ConnectionError:
            line = b""
        return line.decode("latin-1").rstrip() or "closed"

    def send(self, data):
        try:
            self.peer.sendall(data)
        except ConnectionError:
            pass

    def command(self, command):
        self.send(wire_command(command))
        return self.answer()


def wire_command(command):
    data = command.encode("utf-8", "surrogateescape")
    if command.startswith("message "):
        data = data[8:].replace(b"\\n", b"\r\n") + b"\r\n."
    return data + b"\r\n"


def smtp(*words):
    at_once = words[0] == "-p"
    port, client, *commands = words[at_once:]
    session = Smtp(port, client)
    if at_once:
        session.send(b"".join(wire_command(command) for command in commands))
    for command in commands:
        print(session.answer() if at_once else session.command(command), flush=True)


def taken(port, client, recipient):
    """Is a message from CLIENT to RECIPIENT taken?  The last answer."""
    session = Smtp(port, client)
    for command in "MAIL FROM:<>", "RCPT TO:<%s>" % recipient, "DATA", "message x":
        answer = session.command(command)
        if answer[:1] not in "23":
            break
    return answer


# client, recipient, whether the mail is taken: one who has logged in, a stranger
CROWD = [("127.0.1.1", "x@example.net", True), ("127.0.1.9", "x@example.net", False),
         ("127.0.1.9", "ok@example.com", True)]


def crowd(port, count):
    from concurrent.futures import ThreadPoolExecutor

    wrong = {True: [], False: []}

    def one(number):
        client, recipient, right = CROWD[number % len(CROWD)]
        answer = taken(port, client, recipient)
        if answer.startswith("250") != right or not right and not answer.startswith("5"):
            wrong[right].append(answer)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(int(count))))
    print("\n".join(sum(wrong.values(), [])))
    print("%s sessions, %d refused, %d let in" % (count, len(wrong[True]), len(wrong[False])))


TYPES = {1: "a", 2: "ns", 12: "ptr", 15: "mx", 28: "aaaa"}


def wire_name(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.strip(".").split(".") if p) + b"\0"


def dns_facts(lines, name):
    """What the lines say of NAME: [(word, data)], or None if it does not exist."""
    found = None
    for line in lines:
        words = line.split()
        if len(words) < 2:
            continue
        known = words[0].lower()
        if known == name or (known.startswith("*.") and name.endswith(known[1:])):
            found = found or []
            found.append((words[1], words[2] if len(words) > 2 else ""))
    return found


def dns_answer(packet, lines):
    """What is answered, and after how many seconds."""
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode("latin-1").lower())
        at += packet[at] + 1
    kind = TYPES.get(struct.unpack("!H", packet[at + 1 : at + 3])[0], "other")
    facts, records, code, late = dns_facts(lines, ".".join(labels)), [], 0, 0
    if facts is None:
        code = 3
    for word, data in facts or []:
        if word == "drop":
            return None, 0
        if word == "slow":
            late = float(data)
        if word == "fail":
            code = 2
        if word == kind:
            if kind == "a":
                records.append(socket.inet_aton(data))
            elif kind == "aaaa":
                records.append(socket.inet_pton(socket.AF_INET6, data))
            elif kind == "mx":
                records.append(b"\0\12" + wire_name(data))
            else:
                records.append(wire_name(data))
    question = packet[12 : at + 5]
    out = packet[:2] + struct.pack("!BBHHHH", 0x84, 0x80 | code, 1, 0 if code else len(records), 0, 0) + question
    for data in [] if code else records:
        # a second, so that a changed file is seen
        out += b"\xc0\x0c" + packet[at + 1 : at + 5] + struct.pack("!IH", 1, len(data)) + data
    return out, late


def dns(path):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    later = []
    while True:
        while later and later[0][0] <= time.monotonic():
            server.sendto(*later.pop(0)[1:])
        server.settimeout(max(later[0][0] - time.monotonic(), 0.001) if later else None)
        try:
            packet, peer = server.recvfrom(4096)
        except TimeoutError:
            continue
        with open(path, encoding="ascii") as lines:
            answer, late = dns_answer(packet, lines.readlines())
        if answer is not None:
            later.append((time.monotonic() + late, answer, peer))
            later.sort()


def serve():
    acts = {"milter": milter, "policy": policy, "smtp": smtp}
    for line in sys.stdin.buffer:
        act, *words = line.decode("utf-8", "surrogateescape").rstrip("\n").split("\x1f")
        acts[act](*words)
        print("\x1e", flush=True)


if __name__ == "__main__":
    {"serve": serve, "milter": milter, "smtp": smtp, "crowd": crowd, "dns": dns}[sys.argv[1]](*sys.argv[2:])
