# proxy.py LISTEN CONNECT MODE: a network between Unix sockets, which fails as
# the file MODE says, for relaymirror's tests; MODE.is has what it does now
#
#	pass		all goes through
#	hold		nothing goes through, either way, and nothing is lost
#	delay		each piece takes 0.3 s
#	cut		connections end, and so does each new one
#	deaf		connections that are there end, one way: towards the host
#	dumb		the other way; the host is not told
import os, select, socket, sys, time

listen, connect, file = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX)
listener.bind(listen)
listener.listen(64)
other = {}                      # side of a connection -> the other side
towards_host = set()            # those of them that hosts have made
gone = set()                    # those that the engine has ended unheard
sent = []                       # [when, to whom, bytes] in their order
mode = None


def end(s):
    for side in (s, other.pop(s, None)):
        if side is not None:
            other.pop(side, None)
            towards_host.discard(side)
            side.close()


def half(side):
    try:
        side.shutdown(socket.SHUT_WR)
    except OSError:
        end(side)


def enter(new):
    global mode
    mode = new
    for s in list(other):
        if s in other and mode == "cut":
            end(s)
        elif s in other and (mode, s in towards_host) in (("deaf", True), ("dumb", False)):
            half(s)
    with open(file + ".new", "w") as out:
        out.write(mode)
    os.rename(file + ".new", file + ".is")


def accept():
    host, engine = listener.accept()[0], socket.socket(socket.AF_UNIX)
    try:
        if mode == "cut":
            raise OSError
        engine.connect(connect)
    except OSError:
        host.close()
        engine.close()
        return
    other[host], other[engine] = engine, host
    towards_host.add(host)


def take(s):
    try:
        data = s.recv(65536)
    except OSError:
        data = b""
    if data:
        sent.append([time.monotonic() + (0.3 if mode == "delay" else 0), other[s], data])
    elif mode == "dumb" and s not in towards_host:
        gone.add(s)             # the host goes on talking to nobody
    else:
        end(s)


def deliver():
    while sent and sent[0][0] <= time.monotonic():
        _, to, data = sent.pop(0)
        try:
            to.sendall(data)
        except OSError:
            if mode != "dumb" and to in other:
                end(to)


while True:
    try:
        wanted = open(file).read().strip()
    except FileNotFoundError:
        wanted = "pass"
    if wanted != mode and wanted:
        enter(wanted)
    gone &= set(other)
    watched = [] if mode == "hold" else [listener] + [s for s in other if s not in gone]
    for s in select.select(watched, [], [], 0.02)[0]:
        if s is listener:
            accept()
        elif s in other:
            take(s)
    if mode != "hold":
        deliver()
