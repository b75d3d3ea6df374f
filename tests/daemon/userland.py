#!/usr/bin/env python3
"""userland.py ADDRESS PORT...: hands connections to any address of this host on to ADDRESS, as Docker's userland proxy does"""
import os, select, socket, sys, threading

address, ports = sys.argv[1], [int(port) for port in sys.argv[2:]]


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def hand_on(client, port):
    with client, socket.create_connection((address, port)) as server:
        back = threading.Thread(target=copy, args=(server, client))
        back.start()
        copy(client, server)
        back.join()


listeners = {}
for port in ports:
    listeners[socket.create_server(("", port), backlog=50)] = port
if os.fork():
    sys.exit(0)
while True:
    for listener in select.select(list(listeners), [], [])[0]:
        connection = listener.accept()[0]
        threading.Thread(target=hand_on, args=(connection, listeners[listener]), daemon=True).start()
