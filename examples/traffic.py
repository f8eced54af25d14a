"""Small programs that run inside instances for `main_job.py`: a TCP sender and receiver, a UDP echo and a UDP prober.

Each prints JSON lines. Times are of CLOCK_MONOTONIC, which all namespaces of a host share. The standard library only.
"""

import argparse
import hashlib
import json
import select
import socket
import sys
import time

#: Bytes written at once.
CHUNK = 1 << 20


def say(**facts: object) -> None:
    """Print one line for the program that started us."""
    print(json.dumps(facts), flush=True)


def tcp_receive(options: argparse.Namespace) -> None:
    """Take one connection and tell what came over it, and how fast."""
    with socket.create_server(("", options.port)) as listener:
        say(ready=True)
        connection, _ = listener.accept()
    digest = hashlib.sha256()
    total, started = 0, 0.0
    buffer = bytearray(CHUNK)
    with connection:
        while size := connection.recv_into(buffer):
            started = started or time.monotonic()
            total += size
            if options.digest:
                digest.update(memoryview(buffer)[:size])
    say(
        bytes=total, seconds=time.monotonic() - started, digest=digest.hexdigest() if options.digest else None
    )


def tcp_send(options: argparse.Namespace) -> None:
    """Send so many bytes, or for so many seconds."""
    # A pattern that does not repeat within a segment, so that a lost or doubled one can't go unseen.
    chunk = b"".join(number.to_bytes(8, "big") for number in range(CHUNK // 8))
    digest = hashlib.sha256()
    total, deadline = 0, time.monotonic() + options.seconds
    with socket.create_connection((options.address, options.port), timeout=10) as connection:
        connection.settimeout(60)
        while total < options.bytes if options.bytes else time.monotonic() < deadline:
            connection.sendall(chunk)
            total += len(chunk)
            if options.digest:
                digest.update(chunk)
    say(bytes=total, digest=digest.hexdigest() if options.digest else None)


def udp_echo(options: argparse.Namespace) -> None:
    """Send every datagram back until killed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as echo:
        echo.bind(("", options.port))
        say(ready=True)
        while True:
            data, sender = echo.recvfrom(2048)
            echo.sendto(data, sender)


def udp_probe(options: argparse.Namespace) -> None:
    """Send a datagram every `interval` seconds until stdin ends; tell when the first was answered, and at the end the last."""
    sent, answered, last = 0, 0, 0.0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0)
        say(ready=True)
        following = time.monotonic()
        while not select.select([sys.stdin], [], [], 0)[0]:
            try:
                probe.sendto(b"peerway", (options.address, options.port))
                sent += 1
            except OSError:
                # No route yet, or a full buffer: the next one may get through.
                pass
            following += options.interval
            while (left := following - time.monotonic()) > 0:
                if not select.select([probe], [], [], left)[0]:
                    break
                try:
                    probe.recv(2048)
                except OSError:
                    continue
                last = time.monotonic()
                answered += 1
                if answered == 1:
                    say(first=last)
            following = max(following, time.monotonic() - options.interval)
    say(last=last or None, sent=sent, answered=answered)


def stay(options: argparse.Namespace) -> None:
    """Stay until the input ends, so that the namespace can be found by a process in it, whose arguments have the token."""
    say(token=options.token)
    sys.stdin.read()


def main() -> None:
    """Run the program that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    programs = parser.add_subparsers(required=True)
    for name, program in (("tcp-receive", tcp_receive), ("udp-echo", udp_echo)):
        one = programs.add_parser(name)
        one.add_argument("port", type=int)
        one.add_argument("--digest", action="store_true")
        one.set_defaults(program=program)
    resident = programs.add_parser("stay")
    resident.add_argument("token")
    resident.set_defaults(program=stay)
    sender = programs.add_parser("tcp-send")
    sender.add_argument("address")
    sender.add_argument("port", type=int)
    sender.add_argument("--bytes", type=int, default=0)
    sender.add_argument("--seconds", type=float, default=3.0)
    sender.add_argument("--digest", action="store_true")
    sender.set_defaults(program=tcp_send)
    prober = programs.add_parser("udp-probe")
    prober.add_argument("address")
    prober.add_argument("port", type=int)
    prober.add_argument("--interval", type=float, default=0.0002)
    prober.set_defaults(program=udp_probe)
    options = parser.parse_args()
    options.program(options)


if __name__ == "__main__":
    main()
