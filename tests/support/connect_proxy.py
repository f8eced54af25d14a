"""A proxy for HTTPS that leads every host to one address, as a hosts file would."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def leading_to(endpoint: str) -> Iterator[str]:
    """A proxy that takes CONNECT and leads to `HOST:PORT`; its own `HOST:PORT`."""
    host, _, port = endpoint.rpartition(":")

    class Handler(socketserver.StreamRequestHandler):
        """One tunnel."""

        def handle(self) -> None:
            assert self.rfile.readline().startswith(b"CONNECT ")
            while self.rfile.readline().strip():
                pass
            with socket.create_connection((host, int(port))) as server:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=carry, args=(server, self.connection))
                back.start()
                carry(self.connection, server)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            yield "{}:{}".format(*proxy.server_address)
        finally:
            proxy.shutdown()
            thread.join()


def carry(source: socket.socket, target: socket.socket) -> None:
    """Hand on what comes until nothing does."""
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
