"""What a running installation keeps in the kernel, as the kernel tells it, so that two moments can be compared."""

import os
import subprocess
from contextlib import closing

from tests.support.live import Cloud

from peerway.adapters.dataplane.kernel.holder_client import HolderClient
from peerway.adapters.dataplane.kernel.protocol import connect

#: Everything in a namespace that does not change by itself.
LOOK = """
ip -brief link
ip -brief address
ip rule
ip -6 rule
ip route show table all
ip -6 route show table all
ip neighbour show nud permanent
tc qdisc show
nft --stateless list ruleset
"""


def kept(cloud: Cloud) -> dict[str, list[str]]:
    """Lines about each namespace of the installation's, by the holder's name for it, in no order that means anything."""
    (socket,) = cloud.data.rglob("holder.sock")
    with closing(HolderClient(connect(socket.parent))) as holder:
        namespaces = holder.all()
    try:
        return {name: _look(fd) for name, fd in namespaces.items()}
    finally:
        for fd in namespaces.values():
            os.close(fd)


def _look(fd: int) -> list[str]:
    argv = ["nsenter", f"--net=/proc/self/fd/{fd}", "sh", "-c", LOOK]
    shown = subprocess.run(argv, check=True, capture_output=True, text=True, pass_fds=[fd])
    return sorted(line.strip() for line in shown.stdout.splitlines())
