# day.py DIRECTORY ENGINE VSMTPRELAY CLOCK STEPS POP SMTP: a day of a site, a minute
# a step, for relaymirror's tests
#
# The clock of every process is the file DIRECTORY/clock, by way of CLOCK.  After each step all
# hosts have asked the engine what time it is; then a user logs in at each POP
# host, and the step ends when every SMTP host has those logins.  Every tenth
# step the databases are expired, and then hold whom they should: everybody who
# has logged in within the window (2 hours), and nobody else.
import os, random, socket, struct, subprocess, sys, time

where, engine, vsmtprelay, preload = sys.argv[1:5]
steps, pops, smtps = map(int, sys.argv[5:])
WINDOW = 7200
STEP = 60
DEADLINE = 60
USERS = 40 * pops
pop = ["pop%d" % n for n in range(1, pops + 1)]
smtp = ["smtp%d" % n for n in range(1, smtps + 1)]
clock = os.open(where + "/clock", os.O_RDWR)
offset = 0
login, deleted = {}, set()      # address: second
random.seed(20261129)
engine_socket = None
environment = dict(os.environ, CLOCK_FILE=where + "/clock", LD_PRELOAD=preload)


def now():
    return int(time.time()) + offset


def ask(*words):
    """One command to the engine, whose answer is a line or a text."""
    global engine_socket
    if engine_socket is None:
        engine_socket = socket.socket(socket.AF_UNIX)
        engine_socket.settimeout(DEADLINE)
        engine_socket.connect(engine)
        engine_socket = engine_socket.makefile("rwb")
    engine_socket.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in map(str.encode, words)))
    engine_socket.flush()
    first = engine_socket.readline()
    return engine_socket.read(int(first[1:]) + 2)[:-2].decode() if first[:1] == b"$" else first.decode()


def database(host):
    return "%s/%s/relayers.lmdb" % (where, host)


def status(host, word):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(DEADLINE)
    s.connect("%s/%s/control" % (where, host))
    s.sendall(("status %s\n" % database(host)).encode())
    text = b""
    while not text.endswith(b"\nend\n"):
        piece = s.recv(65536)
        if not piece:
            break
        text += piece
    s.close()
    for line in text.decode().splitlines():
        if line.startswith(word + " "):
            return int(line.split()[1])
    return -1


def until(what, test):
    end = time.monotonic() + DEADLINE
    while not test():
        if time.monotonic() > end:
            sys.exit("minute %d: not within %d s: %s" % (offset // STEP, DEADLINE, what))
        time.sleep(0.002)


def run(*words):
    return subprocess.run((vsmtprelay, "-f") + words, env=environment, check=False, capture_output=True, text=True).stdout


def rows(host):
    lines = (line.split() for line in run(database(host), "dump").splitlines() if line[:1] != "#")
    return {address: int(stamp) for address, stamp in lines}


def step():
    """A minute later, and everybody knows."""
    global offset
    offset += STEP
    os.pwrite(clock, struct.pack("=q", offset), 0)
    ask("XADD", "{relayers}:gonelog", "*", "what", "ever")
    for host in pop + smtp:
        until("the clock of " + host, lambda: status(host, "clock_offset_seconds") in (0, 1))


def log_in():
    before = {host: status(host, "received_total") for host in smtp}
    new = set()
    for host in pop:
        address = "10.0.%d.%d" % divmod(random.randrange(USERS), 200)
        if address in new or (address in deleted and now() <= login[address] + 10):
            continue
        run(database(host), "add", address, str(now()))
        login[address] = now()
        deleted.discard(address)
        new.add(address)
    for host in smtp:
        until("%d logins at %s" % (len(new), host), lambda: status(host, "received_total") >= before[host] + len(new))


def check():
    for host in smtp:
        wanted = {a for a in login if login[a] > now() - WINDOW + 90 and a not in deleted}
        until("the commits of " + host, lambda: wanted <= set(rows(host)))
    for host in pop + smtp:
        run(database(host), "expire", str(WINDOW // 60))
        found = rows(host)
        for address, stamp in found.items():
            if address in deleted:
                sys.exit("minute %d: resurrection: %s at %s" % (offset // STEP, address, host))
            if login[address] < now() - WINDOW - 90 or stamp > login[address] + 5:
                sys.exit("minute %d: stranger: %s at %s" % (offset // STEP, address, host))
        if host in smtp and not wanted <= set(found):
            sys.exit("minute %d: lost: %s at %s" % (offset // STEP, sorted(wanted - set(found)), host))


def delete_one():
    address = max(login, key=login.get)
    environment["RELAYERS_MIRROR"] = where + "/smtp1/control"
    subprocess.run((vsmtprelay, "-f", database("smtp1"), "delete", address), env=environment, check=False)
    login[address] = now()
    deleted.add(address)
    for host in pop + smtp:
        until("the delete of %s at %s" % (address, host), lambda: address not in rows(host))


for minute in range(1, steps + 1):
    step()
    log_in()
    if minute % 60 == 30:
        delete_one()
    if minute % 120 == 0:
        ask("FLUSHALL")
        for host in pop + smtp:
            until(host + " has read the new engine", lambda: status(host, "complete") == 1 and status(host, "backlog") <= 0)
    if minute % 10 == 0:
        check()
print("%d minutes, %d addresses, %s bytes of the engine" % (
    steps, len(login), [l for l in ask("INFO", "memory").splitlines() if l.startswith("used_memory:")][0][12:]))
