"""Runs in instances: an echo server, and probers that tell when answers begin and cease. The standard library alone.

`prober.py echo PORT`: sends every datagram back. `prober.py probe ADDRESS PORT STEP_US QUIET_MS`: sends one datagram a step and
writes `up NS` at the first answer after silence, and `down NS` with the time of the last answer once nothing came for QUIET_MS.
`prober.py count ADDRESS PORT STEP_US`: numbers its datagrams and writes `up` at the first answer; where some lack `silent NS`
with the time of the last before, `lost COUNT`, and `back NS` with the time of the next; `late 1` for each that comes after all.
Times are the monotonic clock's, which all processes of a machine share.
"""

from __future__ import annotations

import contextlib
import select
import socket
import sys
import time


def echo(port: int) -> None:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", port))
    print("ready", flush=True)
    while True:
        data, sender = server.recvfrom(64)
        with contextlib.suppress(OSError):
            server.sendto(data, sender)


def probe(address: str, port: int, step_ns: int, quiet_ns: int) -> None:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(0)
    print("ready", flush=True)
    last, up = 0, False
    due = time.monotonic_ns()
    while True:
        now = time.monotonic_ns()
        if now >= due:
            with contextlib.suppress(OSError):
                client.sendto(b"probe", (address, port))
            due = max(due + step_ns, now)
        if up and now - last > quiet_ns:
            up = False
            print("down", last, flush=True)
        if select.select([client], [], [], max(0, due - now) / 1e9)[0]:
            last = _drain(client) or last
            if last and not up and time.monotonic_ns() - last < quiet_ns:
                up = True
                print("up", last, flush=True)


def count(address: str, port: int, step_ns: int) -> None:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(0)
    sent, newest, heard = 0, 0, 0
    due = time.monotonic_ns()
    while True:
        now = time.monotonic_ns()
        if now >= due:
            sent += 1
            with contextlib.suppress(OSError):
                client.sendto(sent.to_bytes(8, "big"), (address, port))
            due = max(due + step_ns, now)
        if not select.select([client], [], [], max(0, due - now) / 1e9)[0]:
            continue
        try:
            number = int.from_bytes(client.recv(8), "big")
        except OSError:
            continue
        now = time.monotonic_ns()
        if number <= newest:
            print("late 1", flush=True)
            continue
        if not newest:
            print("up", now, flush=True)
        elif number > newest + 1:
            print(f"silent {heard}\nlost {number - newest - 1}\nback {now}", flush=True)
        newest, heard = number, now


def _drain(client: socket.socket) -> int:
    """Take all answers; when they were taken, 0 when there were only errors."""
    got = 0
    while True:
        try:
            client.recv(64)
            got = time.monotonic_ns()
        except BlockingIOError:
            return got
        except OSError:
            continue


if __name__ == "__main__":
    if sys.argv[1] == "echo":
        echo(int(sys.argv[2]))
    if sys.argv[1] == "count":
        count(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]) * 1000)
    probe(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]) * 1000, int(sys.argv[5]) * 1_000_000)
