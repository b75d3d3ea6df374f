#!/usr/bin/env python3
"""spellings.py - what a mail server delivers to, and what relayguard takes the
same recipient for

    spellings.py SERVER PORT QUEUE COUNT [SEED]

SERVER is postfix, sendmail or exim, at PORT, QUEUE the directory of its queue,
in which mail stays.  Recipients are those below and COUNT more, which are made
of them by chance.  Each is named by three clients, for whom the rules are

    noto:127.0.1.2:ALL:noto@example.com:553 5.7.1 by rule
    allow:127.0.1.4:ALL:friend@example.com
    noto:127.0.1.4:ALL:ALL:553 5.7.1 by rule

The third has no rule, and sends a message: the queue says to whom.  Prints a
line for each recipient that was

    dodged    delivered to noto, whom the first client may not write to
    let in    delivered to others than friend, whom alone the second may
    mistaken  an address of RFC 5321, and refused as noto, or not taken as friend

and then how many were delivered, to noto, to friend and to others.
"""
import random
import re
import socket
import subprocess
import sys
from pathlib import Path

# {t}: noto or friend; {o}: another user; {d}: a domain that the server takes
# mail for, {e}: one that it does not, {h}: its own name
TEMPLATES = """
{t}@{d}|<{t}@{d}>|<{t}@{d}.>|<{t}@{d}..>|<{t}@.{d}>|<.{t}@{d}>|<{t}.@{d}>|< {t}@{d}>|<{t}@{d} >
<"{t}"@{d}>|<"{t}@{d}">|<"{t}@{d}"@{d}>|<"{t}@{e}"@{d}>|<"{t}"@"{d}">|\t<{t}@"{d}\t">|<{t}@"{d}">|<"{t}@{d}"@{h}>|<"{t}"."{t}"@{d}>
<\\{t}@{d}>|<{t}\\@{d}>|<{t}\\@{d}@{d}>|<"\\{t}"@{d}>|<"{t}\\"@{d}>|<"{t}\\""@{d}>|<"{t}" @{d}>|<""{t}@{d}>|<{t}""@{d}>
<{t}@{d}@{d}>|<{o}@{d}@{d}>|<{t}@{e}@{d}>|<{t}@{d}@{e}>|<{t}%{d}@{d}>|<{t}%{e}@{d}>|<{t}%{d}@{h}>|<"{t}%{d}"@{h}>
<{t}%{d}>|<{t}%{d}%{h}>|<{d}!{t}>|<{h}!{d}!{t}>|<{d}!{t}@{h}>|<{d}!{t}@{d}>|<{d}.!{t}>|>< {t}@{d}>|<{h}!{t}@{d}>|<{t}@{d}!{o}>|<{d}!{o}%{d}>
<@{d}:{t}@{d}>|<@{h}:{t}@{d}>|<@{e},@{h}:{t}@{d}>|<@{e}:{t}@{d}>|<@{h}:{t}%{d}>|<@{d}:{t}>|<@{d},{t}@{d}>|<@{t}@{d}>
<@{h}:@{h}:{t}@{d}>|<@{d}:{o}@{d}:{t}@{d}>|<@{h}:"{t}"@{d}>|<@{h}:{t}@{d}@{h}>|<{t}@{d}@{h}>|<{t}@{h}@{d}>
<{t}(x)@{d}>|<{t}@(x){d}>|<(x){t}@{d}>|<{t}@{d}(x)>|<{t}@{d}({o}@{d})>|<{o}@{d}({t}@{d})>|<({o}@{d}){t}@{d}>|<{t}(>)@{d}>
<{t}(\\)@{o}.{d})@{d}>|<{t}(")@{d}>|<{t}("@{d})@{d}>|<{t}((x)@{d}>|<{t})@{d}>|<{t}(x))@{d}>|<"{t}(x)"@{d}>|<{t}@{d}(>
<<{t}@{d}>>|<{o}<{t}@{d}>>|<{t}@{d}><{o}@{d}>|<{o}@{d}><{t}@{d}>|{o}@{d}<{t}@{d}>|{o} <{t}@{d}>|"{o}@{d}" <{t}@{d}>
<{t}@{d}>{o}@{d}|{t}@{d}>{o}@{d}|({o}@{d})<{t}@{d}>|(x)<{t}@{d}>@{d}|(x)<{o}@{d}>{t}@{d}|<{t}@{d}|{t}@{d}>|<{t}@{d}> <{o}@{d}>
<{t}@{d}>({o}@{d})|"{t}@{d}"<{o}@{d}>|"{t}@{d}<"{o}@{d}>|{t}@{d} {o}@{d}|{t}@{d}({o}) <{o}@{d}>|<{t}@{d}>,<{o}@{d}>
<{t}@{d},{o}@{d}>|<{o}@{d},{t}@{d}>|<{o}@{d};{t}@{d}>|<x:{t}@{d};>|<x:{o}@{d},{t}@{d};>|<x:{t}@{d}>|<x:;{t}@{d}>
<{t} @{d}>|<{t}@ {d}>|<{t}\t@{d}>|<{t} {o}@{d}>|<{t}@{d} {o}>|<"{t} "@{d}>|<" {t}"@{d}>|<{t}@{d}.{e}>|<{t}@{e}.{d}>
<{t}+x@{d}>|<{t}-x@{d}>|<{t}=x@{d}>|<x+{t}@{d}>|<{t}/@{d}>|<{t}@{d}/>|<{t}@{d}#>|<{t}#@{d}>|<{t}%40{d}>|<{t}%00@{d}>
<{t}@[{d}]>|<{t}@[127.0.0.1]>|<{t}@{d}[x]>|<{t}@[x]{d}>|<{t}[@{d}]>|<{t}[@{d}>|<{t}]@{d}>|<{t}@{d}]>|<[{t}]@{d}>
<{t}@{d}> NOTIFY=NEVER|<{t}@{d}>NOTIFY=NEVER|<{t}@{d}> ORCPT=rfc822;{o}@{d}|<{o}@{d}> ORCPT=rfc822;{t}@{d}
<{t}@{d}> x|<{t}@{d}>x|{t}@{d} NOTIFY=NEVER|<"{t}@{d}> NOTIFY=NEVER|<"{o}> NOTIFY=NEVER"@{d}|<"{t}> x"@{d}>
<=?utf-8?q?{t}?=@{d}>|<{t}\u200b@{d}>|<{t}\u00a0@{d}>|<{t}@{d}\u3002>|<{t}\uff20{d}>|<{t}@\uff45xample.com>|<n\u043et\u043e@{d}>
<{t}@example\u3002com>|<{t}@example\uff0ecom>|<\uff4e\uff4f\uff54\uff4f@{d}>|<{t}@{d}\u00ad>|<{t}@ex\u00adample.com>
<{t}@xn--example.com>|<\udcff{t}@{d}>|<{t}\x7f@{d}>|<{t}\x01@{d}>|<{t}\b@{d}>|<NOTO@EXAMPLE.COM>|<Friend@Example.Com>
"""
PLACES = {"d": "example.com", "e": "evil.example", "h": "mx.example.test", "o": "other"}
PIECES = ["@", ".", '"', "\\", "(", ")", "<", ">", " ", ":", ";", ",", "%", "!", "[", "]", "noto", "friend", "other",
          "example.com", "@example.com", "evil.example", "mx.example.test", "noto@example.com", "\t", "\u3002", "=", "+"]


# an address of RFC 5321, a dot at its end perhaps, and parameters
PROPER = re.compile(r"""<("([^"\\]|\\.)*"|[^]()<>[:;,@\\" \t]+)@[^]()<>[:;,@\\" \t]+>( .*)?""")


def spellings(count, seed):
    found = []
    for template in TEMPLATES.strip().replace("\n", "|").split("|"):
        for target in "noto", "friend":
            one = template.replace("{t}", target)
            for place, text in PLACES.items():
                one = one.replace("{%s}" % place, text)
            if one not in found:
                found.append(one)
    chance = random.Random(seed)
    listed = len(found)
    while len(found) < listed + count:
        one = re.findall(r"[\w.-]*\w|.", chance.choice(found[:listed]))
        for _ in range(chance.randint(1, 3)):
            at, end = sorted(chance.randint(0, len(one)) for _ in range(2))
            if chance.random() < 0.7:
                one.insert(at, chance.choice(PIECES))
            elif chance.random() < 0.5:
                one[at:at] = one[at:end]
            else:
                del one[at : min(end, at + 2)]
        one = "".join(one)
        if one not in found:
            found.append(one)
    return found


class Session:
    """One client that names recipients, each in a session of its own."""

    def __init__(self, port, client):
        self.port, self.client = port, client
        self.peer = None

    def line(self):
        line = self.file.readline()
        while line[3:4] == b"-":
            line = self.file.readline()
        return line.decode("latin-1").rstrip()

    def command(self, text):
        self.peer.sendall(text.encode("utf-8", "surrogateescape") + b"\r\n")
        return self.line()

    def rcpt(self, spelling):
        self.close()
        self.peer = socket.create_connection(("127.0.0.1", self.port), 60, (self.client, 0))
        self.file = self.peer.makefile("rb")
        self.line()
        self.command("EHLO client.example.test")
        utf8 = " SMTPUTF8" if not spelling.isascii() else ""
        if not self.command("MAIL FROM:<>" + utf8).startswith("250"):
            self.command("MAIL FROM:<>")
        return self.command("RCPT TO:" + spelling)

    def message(self):
        if not self.command("DATA").startswith("354"):
            return None
        return self.command("Subject: x\r\n\r\nx\r\n.")

    def close(self):
        if self.peer:
            self.peer.close()
            self.file.close()


def queued(server, queue, answer):
    """The recipients of the message that was taken with this answer."""
    if server == "postfix":
        name = re.search(r"queued as (\w+)", answer)[1]
        text = subprocess.run(["postcat", "-e", "-q", name], stdout=subprocess.PIPE, check=True).stdout.decode("utf-8", "replace")
        return re.findall(r"^recipient: (.*)$", text, re.M)
    if server == "sendmail":
        name = re.search(r"2\.0\.0 (\w+) ", answer)[1]
        text = (Path(queue) / ("qf" + name)).read_text("utf-8", "replace")
        return re.findall(r"^R[A-Za-z0-9]*:(.*)$", text, re.M)
    name = re.search(r"id=(\S+)", answer)[1]
    lines = (Path(queue) / (name + "-H")).read_text("utf-8", "replace").split("\n")
    at = lines.index("XX")
    return lines[at + 2 : at + 2 + int(lines[at + 1])]


def mailbox(text, server):
    """The one mailbox of several spellings in a queue, RFC 5321, 4.1.2."""
    text = text.lower()
    if server == "postfix":  # without quotes, as it is meant
        return text.rstrip(".")
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    local, at, domain = text.rpartition("@")
    return re.sub(r"\\(.)|\"", r"\1", local) + at + domain.rstrip(".")


def resolved(server, boxes):
    """Whom the server will deliver to what is in its queue, by what is there."""
    if server != "sendmail":
        return {box: mailbox(box, server) for box in boxes}
    boxes = sorted(boxes)
    asked = "".join("/parse %s\n" % box for box in boxes).encode("utf-8", "replace")
    told = subprocess.run(["/usr/libexec/sendmail/sendmail", "-bt"], input=asked, stdout=subprocess.PIPE, check=True).stdout
    users = re.findall(r"^mailer \w+, (?:host \S*, )?user (.*)$", told.decode("utf-8", "replace"), re.M)
    assert len(users) == len(boxes), told.decode("utf-8", "replace")
    return {box: mailbox(user, server) for box, user in zip(boxes, users)}


def main(server, port, queue, count, seed="1"):
    third, first, second = (Session(int(port), "127.0.1.%d" % n) for n in (9, 2, 4))
    delivered = []
    for spelling in spellings(int(count), seed):
        if not third.rcpt(spelling).startswith("250"):
            continue
        answer = third.message()
        if answer is not None and answer.startswith("250"):
            refused, kept = ("by rule" in session.rcpt(spelling) for session in (first, second))
            delivered.append((spelling, queued(server, queue, answer), refused, kept))
    users = resolved(server, {box for one in delivered for box in one[1]})
    counts = {"noto": 0, "friend": 0, "other": 0}
    for spelling, boxes, refused, kept in delivered:
        boxes = [users[box] for box in boxes]
        to_noto, to_friend = "noto@example.com" in boxes, boxes == ["friend@example.com"]
        counts["noto" if to_noto else "friend" if to_friend else "other"] += 1
        what = None
        if to_noto and not refused:
            what = "dodged"
        elif not kept and not to_friend:
            what = "let in"
        elif PROPER.fullmatch(spelling) and (refused and not to_noto or kept and to_friend):
            what = "mistaken"
        if what:
            print("%s\t%r\t%s" % (what, spelling, " ".join(boxes)))
    print("delivered to noto %(noto)d, to friend %(friend)d, to others: %(other)d" % counts)


if __name__ == "__main__":
    main(*sys.argv[1:])
