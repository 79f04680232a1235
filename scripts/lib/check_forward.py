"""Forwards TCP connections from one address to another, on the same port, until it is stopped.

Usage: check_forward.py FROM PORT TO. FROM need not exist yet.
"""

import socket
import sys
import threading

IP_FREEBIND = 15


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        target.close()


listener = socket.socket()
listener.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((sys.argv[1], int(sys.argv[2])))
listener.listen()
while True:
    client, _ = listener.accept()
    try:
        server = socket.create_connection((sys.argv[3], int(sys.argv[2])))
    except OSError:
        client.close()
        continue
    for ends in ((client, server), (server, client)):
        threading.Thread(target=copy, args=ends, daemon=True).start()
