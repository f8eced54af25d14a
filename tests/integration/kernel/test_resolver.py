"""The VPCs' name servers on real packets: asked by the C library and by a DNS client inside instances."""

import sys
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from tests.builders.topology import Topology
from tests.support.kernel import pair, program, until

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.shell import Shell
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.security import Direction, Protocol, RuleAction
from peerway.domain.vpc import Instance
from peerway.fabric.model import Fabric

pytestmark = pytest.mark.kernel

#: Asks the VPC's name server: how, then name and kind; prints code and records.
DIG = """
import sys, dns.message, dns.query, dns.rcode
query = dns.message.make_query(sys.argv[2], sys.argv[3])
ask = {"udp": dns.query.udp, "tcp": dns.query.tcp}[sys.argv[1]]
try:
    reply = ask(query, "100.100.2.136", timeout=float(sys.argv[4]))
    print(dns.rcode.to_text(reply.rcode()), *(one.to_text() for found in reply.answer for one in found))
except OSError as error:
    print(type(error).__name__)
except dns.exception.Timeout:
    print("Timeout")
"""


class Named:
    """Two joined VPCs, an instance each, and commands run in them."""

    def __init__(self, plane: KernelDataPlane, state_dir: Path) -> None:
        self.plane = plane
        self.net = Topology()
        self.one, self.other, self.here, self.there = pair(self.net)
        self.peering = next(found for id, found in self.net.resources.items() if id.startswith("pcc"))
        self._shell = Shell(state_dir, plane.resolv_conf)

    def apply(self) -> Fabric:
        """Make the network as it is by now."""
        fabric = self.net.fabric()
        assert self.plane.apply(fabric).failures == {}
        return fabric

    def run(self, instance: Instance, *command: str) -> tuple[int, str]:
        """Exit status and output of a command in an instance."""
        with TemporaryFile("w+") as output, Path("/dev/null").open() as nothing:
            stdio = nothing.fileno(), output.fileno(), 2
            with self._shell.spawn(instance.id, command, stdio) as running:
                status = running.wait(20)
            output.seek(0)
            return status, output.read().strip()

    def dig(
        self, how: str, name: str, kind: str = "A", *, timeout_s: float = 5, at: Instance | None = None
    ) -> str:
        """What the name server of the first VPC answers its instance, or that of another its own."""
        return self.run(at or self.here, sys.executable, "-c", DIG, how, name, kind, str(timeout_s))[1]


@pytest.fixture
def named(plane: KernelDataPlane, state_dir: Path) -> Named:
    """The two VPCs, with names told both ways."""
    made = Named(plane, state_dir)
    sides = {side: replace(getattr(made.peering, side), names=True) for side in ("requester", "accepter")}
    made.net.change(made.peering, **sides)
    made.apply()
    return made


def test_the_c_library_finds_instances_by_name(named: Named) -> None:
    """A bare name is one of the own VPC, a full one may be of another; addresses have names; unknown names fail at once."""
    here, there = f"{named.here.id}.{named.one.id}", f"{named.there.id}.{named.other.id}"
    assert named.run(named.here, "getent", "hosts", named.here.id)[1].split() == [
        str(named.here.ipv4),
        f"{here}.peerway.internal",
    ]
    assert str(named.there.ipv4) in named.run(named.here, "getent", "hosts", f"{there}.peerway.internal")[1]
    assert here in named.run(named.there, "getent", "hosts", str(named.here.ipv4))[1]
    assert named.run(named.here, "getent", "hosts", "nobody") == (2, "")


def test_security_groups_decide_who_may_ask(named: Named) -> None:
    """NET-7: an egress rule holds for the name server as for any other destination, per protocol, and can be revoked."""
    group = named.net.group(named.one)
    named.net.change(named.here, security_group_ids=(group.id,))
    named.apply()
    name = f"{named.here.id}.{named.one.id}.peerway.internal"
    assert "NOERROR" in named.dig("udp", name)
    rule = named.net.rule(
        group,
        "100.100.2.136/32",
        direction=Direction.EGRESS,
        protocol=Protocol.UDP,
        ports=(53, 53),
        action=RuleAction.DROP,
    )
    named.apply()
    assert named.dig("udp", name, timeout_s=0.2) == "Timeout"
    assert "NOERROR" in named.dig("tcp", name)
    named.net.remove(rule)
    named.apply()
    assert "NOERROR" in named.dig("udp", name)


def test_only_the_commands_own_view_of_the_files_changes(named: Named) -> None:
    """`peerway exec` shows the VPC's name server, and the host's own file stays what it was."""
    before = Path("/etc/resolv.conf").read_text(encoding="utf-8")
    seen = named.run(named.here, "cat", "/etc/resolv.conf")[1]
    assert seen == f"nameserver 100.100.2.136\nsearch {named.one.id}.peerway.internal"
    assert named.run(named.here, "ls", "/sys/class/net")[1].split() == ["eth0", "lo"]
    assert Path("/etc/resolv.conf").read_text(encoding="utf-8") == before


@pytest.mark.parametrize("how", ["udp", "tcp"])
def test_names_are_answered_over_datagrams_and_streams(named: Named, how: str) -> None:
    """Both ways answer the same."""
    name = f"{named.there.id}.{named.other.id}.peerway.internal"
    assert named.dig(how, name) == f"NOERROR {named.there.ipv4}"
    assert named.dig(how, "example.com") == "REFUSED"


def test_names_follow_the_link(named: Named) -> None:
    """A link that stops telling names, or goes down, takes them along; new instances have theirs at once."""
    name = f"{named.there.id}.{named.other.id}.peerway.internal"
    peering = named.net.resources[named.peering.id]
    named.net.change(peering, accepter=replace(peering.accepter, names=False))
    named.apply()
    assert named.dig("udp", name) == "REFUSED"
    vswitch = named.net.resources[named.here.vswitch_id]
    fresh = named.net.instance(vswitch)
    named.apply()
    assert named.dig("udp", f"{fresh.id}.{named.one.id}.peerway.internal") == f"NOERROR {fresh.ipv4}"


def test_a_new_holder_has_name_servers_too(named: Named) -> None:
    """When everything had to be made anew, the name servers were, too."""
    named.plane._holder.end()
    named.apply()
    assert named.dig("udp", f"{named.here.id}.{named.one.id}.peerway.internal").startswith("NOERROR")


def test_a_second_agent_serves_once_the_first_is_gone(named: Named, state_dir: Path) -> None:
    """What can't be listened at is tried again until it can."""
    other = KernelDataPlane(state_dir)
    try:
        other.apply(named.net.fabric())
        named.plane._resolver.close()
        name = f"{named.here.id}.{named.one.id}.peerway.internal"
        until(lambda: named.dig("tcp", name, timeout_s=0.5).startswith("NOERROR"), "it is answered")
    finally:
        other.close(destroy=False)


def test_a_flood_in_one_vpc_leaves_the_others_served(named: Named, state_dir: Path) -> None:
    """A VPC that asks as fast as it can is held to its allowance; another's questions are answered meanwhile."""
    flood = """
import os, socket
near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
near.connect(("100.100.2.136", 53))
print("!", end="", flush=True)
while True:
    near.send(os.urandom(2) + bytes.fromhex("01000001000000000000") + bytes([8]) + os.urandom(4).hex().encode() + bytes(5))
"""
    name = f"{named.there.id}.{named.other.id}.peerway.internal"
    with program(state_dir, named.here, flood) as flooding:
        assert flooding.recv(1) == b"!"
        for _ in range(5):
            assert named.dig("udp", name, timeout_s=2, at=named.there) == f"NOERROR {named.there.ipv4}"


def test_the_name_server_says_where_it_does_not_listen(named: Named) -> None:
    """Echo requests and other ports at its address are answered; the rest of the service range is silent."""
    probes = {(1, 0): "echo reply", (6, 53): "connected", (6, 54): "reset", (17, 54): "port unreachable"}
    for (protocol, port), answer in probes.items():
        probe = Probe(named.here.id, IPv4Address("100.100.2.136"), protocol, port)
        assert named.plane.probe(probe).detail == answer
    beside = Probe(named.here.id, IPv4Address("100.100.2.137"), 1, timeout_ms=100)
    assert named.plane.probe(beside).verdict is Verdict.SILENT


def test_streams_are_bounded(named: Named) -> None:
    """A VPC may open so many connections, an oversized or silent one is ended, and the others go on."""
    source = """
import socket, struct
def connect():
    near = socket.create_connection(("100.100.2.136", 53), 5)
    near.settimeout(10)
    return near
many = [connect() for _ in range(40)]
ended = sum(not near.recv(1) for near in many[32:])
oversized = many[0]
oversized.sendall(struct.pack("!H", 65535))
print(ended, oversized.recv(1), connect().send(b"x"))
"""
    assert named.run(named.here, sys.executable, "-c", source)[1] == "8 b'' 1"
