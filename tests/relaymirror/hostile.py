# hostile.py SOCKET MODE: an engine that means harm, for relaymirror's tests
#
# Says what a good engine says until the daemon reads the logins, and then what
# MODE names.  A real engine cannot be made to say these things.
import socket, sys, threading, time

path, mode = sys.argv[1:]
now = int(time.time())
addresses = [b"192.0.2.66", b"0.0.0.0/0", b"::/0", b"*", b"192.0.2", b"A" * 5000, b"\r\n*", b"192.0.2.7\0", b""]
stamps = [b"99999999999999999999", b"-1", b"inf", b"nan", b"1e300", b"%d" % (now + 86400), b"0", b"253402300799", b"x"]


def bulk(b):
    return b"$%d\r\n%s\r\n" % (len(b), b)


def array(*items):
    return b"*%d\r\n" % len(items) + b"".join(items)


def good(words):
    name = words[0].upper()
    if name == b"INFO":
        return bulk(b"run_id:abc\r\nmaster_replid:def\r\nredis_version:%s\r\nrole:master\r\n"
                    b"maxmemory_policy:noeviction\r\n" % (b"6.2.14" if mode == "old" else b"7.0.0"))
    if name == b"TIME":
        return array(bulk(b"%d" % time.time()), bulk(b"0"))
    if name == b"XINFO":
        return b"-ERR no such key\r\n"
    if name == b"GET":
        return bulk(b"epoch")
    if name == b"ZCARD":
        return b":1\r\n"
    if name == b"ZSCAN":
        return array(bulk(b"0"), array())
    if name == b"XREAD":
        time.sleep(0.05)
        return b"*-1\r\n"
    return b"+OK\r\n"


def entry(i, address, stamp):
    return array(bulk(b"%d-%d" % (now * 1000, i)),
                 array(bulk(b"o"), bulk(b"r"), bulk(b"a"), bulk(address), bulk(b"s"), bulk(stamp)))


def bad(words, out):
    name = words[0].upper()
    if mode == "echo" and name == b"AUTH":
        return b"-WRONG " + b" ".join(words) + b"\r\n"
    if mode == "garbage" and name in (b"XREAD", b"ZSCAN"):
        return bytes((i * 37 + 11) % 256 for i in range(65536))
    if mode == "bulk" and name == b"XREAD":
        return b"$9223372036854775807\r\n" + b"x" * 65536
    if mode == "list" and name == b"XREAD":
        return b"*2147483647\r\n"
    if mode == "nested" and name == b"XREAD":
        return b"*1\r\n" * 100000
    if mode == "endless" and name == b"XREAD":
        out.sendall(b"$500000000\r\n")
        while True:
            out.sendall(b"x" * 65536)
    if mode == "unasked" and name == b"TIME":
        while True:
            out.sendall(good(words) * 10000)
    if mode == "pages" and name == b"ZSCAN":
        rows = (bulk(b"198.51.%d.%d" % (i // 250, i % 250)) + bulk(b"%d" % (now + 9999)) for i in range(1000))
        return array(bulk(b"7"), b"*2000\r\n" + b"".join(rows))
    if mode == "ranges" and name == b"ZSCAN":
        rows = [bulk(a) + bulk(s) for a in addresses for s in stamps]
        return array(bulk(b"0"), b"*%d\r\n" % (2 * len(rows)) + b"".join(rows))
    if mode == "ranges" and name == b"XREAD":
        pairs = [(a, s) for a in addresses for s in stamps]
        return array(array(bulk(b"{relayers}:log"), array(*(entry(i + 1, a, s) for i, (a, s) in enumerate(pairs)))))
    if mode == "types" and name in (b"INFO", b"TIME", b"GET", b"XINFO", b"XREAD", b"ZSCAN", b"ZCARD"):
        return array(b":1\r\n", b"*-1\r\n", b"$-1\r\n", array(array()))
    return good(words)


def serve(connection):
    data = connection.makefile("rb")
    try:
        while True:
            head = data.readline()
            if not head:
                return
            words = []
            for _ in range(int(head[1:])):
                size = int(data.readline()[1:])
                words.append(data.read(size))
                data.read(2)
            connection.sendall(bad(words, connection))
    except OSError:
        pass
    finally:
        connection.close()


listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(64)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
