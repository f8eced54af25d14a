"""A place outside the cloud, on the same machine: a customer's office at the end of a line, or the internet.

It is a network namespace with a host in it, the guest of an instance in a VPC that nothing is joined to. So it needs no root, and
goes with the rest. A real office is at the end of a cable: its port is then `interface:NAME` instead.
"""

from pathlib import Path

from installation import TRAFFIC, Installation
from network import Site
from story import Failed


class Place:
    """A namespace outside, with one host."""

    def __init__(self, peerway: Installation, name: str, address: str) -> None:
        self.site = Site(peerway.account(name), name, "cn-hangzhou", 250)
        self.address = address
        self.site.owner.settled(f"/instances/{self.site.instance['id']}")
        peerway.sync()
        self.run("ip", "address", "add", f"{address}/32", "dev", "lo")
        token = self.site.instance["id"]
        self.site.owner.run(self.site.instance, "stay", token).next()
        #: How an operator names it as a port.
        self.port = f"netns:/proc/{find_process(token)}/ns/net"

    def run(self, *argv: str) -> str:
        """Run a command there."""
        return self.site.owner.command(self.site.instance, *argv)

    def route(self, destination: str, gateway: str) -> None:
        """What the place's own router would know: where a range is."""
        self.run("ip", "route", "replace", destination, "via", gateway, "src", self.address)

    def reaches(self, address: str) -> bool:
        """Whether an address answers the host's ping."""
        answer = self.site.owner.probe(self.site.instance, address, count=3)
        return bool(answer["answered"] == 3)


def find_process(token: str) -> int:
    """Number of the program of `traffic.py` with that argument, as this host counts; inside, its number is another."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            argv = (process / "cmdline").read_text().split("\0")
        except OSError:  # it has ended
            continue
        if argv[1:2] == [str(TRAFFIC)] and token in argv:
            return int(process.name)
    raise Failed("the program that should stay in the place is not there")
