"""`peerway up --tls` as its users run it: one port, both ways in, a certificate that stays."""

import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
from tests.support.live import start_cloud


def connected(cloud):
    """A new connection to the port."""
    host, _, port = cloud.ready["url"].rpartition("/")[2].partition(":")
    return socket.create_connection((host, int(port)))


def test_both_ways_in_and_the_same_certificate_after_a_restart(tmp_path):
    """Plain clients notice nothing, others trust the certificate that the ready file names; open connections stop nobody."""
    first = None
    for _ in range(2):
        cloud = start_cloud(tmp_path, "memory", "--tls")
        certificate = Path(cloud.ready["tls_certificate"])
        assert first in {None, certificate.read_bytes()}
        first = certificate.read_bytes()
        trust = ssl.create_default_context(cafile=str(certificate))
        assert httpx.get(f"{cloud.ready['tls_url']}/readyz", verify=trust, trust_env=False).is_success
        assert cloud.operator.get("/whoami")["uid"] == cloud.ready["uid"]

        silent, halfway, idle = (connected(cloud) for _ in range(3))
        halfway.sendall(b"\x16\x03\x01")
        # It never looks at its connection again, so it doesn't answer the server's good-bye either.
        with silent, halfway, trust.wrap_socket(idle, server_hostname="127.0.0.1") as kept:
            kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in kept.recv(4096)
            cloud.stop()


def test_the_command_line_trusts_by_peerway_ca(tmp_path):
    """`PEERWAY_URL` by https and `PEERWAY_CA` are all that the command line needs; without the latter it refuses."""
    cloud = start_cloud(tmp_path, "memory", "--tls")
    try:
        where = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PEERWAY_URL": cloud.ready["tls_url"],
            "PEERWAY_TOKEN": cloud.ready["token"],
        }
        command = [sys.executable, "-m", "peerway.cli.main", "account", "whoami", "-o", "id"]
        done, refused = (
            subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            for environment in ({**where, "PEERWAY_CA": cloud.ready["tls_certificate"]}, where)
        )
        assert (done.stdout.strip(), done.stderr) == (cloud.ready["uid"], "")
        assert refused.returncode
        assert "certificate verify failed" in refused.stderr
    finally:
        cloud.stop()
