"""Short words for tests that ask a data plane about packets: networks to apply, and what a probe says."""

from ipaddress import ip_address

from tests.builders.topology import Topology

from peerway.app.dataplane import DataPlane, Probe, ProbeResult, Verdict
from peerway.domain.peering import Peering
from peerway.domain.prefixes import Address
from peerway.domain.vpc import Instance, Vpc, VSwitch
from peerway.fabric.model import Fabric

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58

#: An answer is waited for as long as a loaded machine may need; less than the second after which TCP sends again.
ANSWER_MS = 900

#: Silence is believed after this.
SILENCE_MS = 100


class Network(Topology):
    """A topology with short words for what the suite asks about."""

    def site(self, number: int, *, ipv6: bool = False, **fields: object) -> tuple[Vpc, VSwitch]:
        """VPC 10.N.0.0/16 with VSwitch 10.N.1.0/24."""
        vpc = self.vpc(f"10.{number}.0.0/16", ipv6=f"fd00:{number}::/56" if ipv6 else None)
        vswitch = self.vswitch(
            vpc, f"10.{number}.1.0/24", ipv6=f"fd00:{number}::/64" if ipv6 else None, **fields
        )
        return vpc, vswitch

    def pair(self, **fields: object) -> tuple[Vpc, Vpc, Instance, Instance, Peering]:
        """Two peered VPCs with routes both ways and an instance each."""
        (one, near), (other, far) = self.site(1, **fields), self.site(2, **fields)
        return one, other, self.instance(near), self.instance(far), self.join(one, other)


def ask(
    dataplane: DataPlane,
    source: Instance | str,
    target: Instance | str | Address,
    protocol: int = ICMP,
    port: int = 0,
    *,
    timeout_ms: int = SILENCE_MS,
) -> ProbeResult:
    """Probe an instance's IPv4 address, or any address."""
    address = target.ipv4 if isinstance(target, Instance) else ip_address(str(target))
    source_id = source if isinstance(source, str) else source.id
    return dataplane.probe(Probe(source_id, address, protocol, port, timeout_ms))


def reaches(dataplane: DataPlane, *question: object) -> bool:
    """Whether the probe is answered: for real, or as predicted by a driver that carries no packets."""
    result = ask(dataplane, *question, timeout_ms=ANSWER_MS)
    assert (result.round_trip_ms is not None) == (result.verdict is Verdict.ANSWERED)
    return result.verdict is (Verdict.PREDICTED if dataplane.name == "memory" else Verdict.ANSWERED)


def silent(dataplane: DataPlane, *question: object) -> bool:
    """Whether nothing comes back."""
    return ask(dataplane, *question).verdict is Verdict.SILENT


def put(dataplane: DataPlane, topology: Topology) -> Fabric:
    """Apply the topology; nothing may fail."""
    fabric = topology.fabric()
    report = dataplane.apply(fabric)
    assert report.failures == {}
    assert report.revision == fabric.revision
    return fabric
