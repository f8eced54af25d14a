"""What the rootless test runs as an ordinary user; imports nothing that has to be installed."""

import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane, join
from peerway.app.dataplane import Probe, Verdict
from peerway.fabric.model import (
    Action,
    Endpoint,
    Fabric,
    Fib,
    FibEntry,
    Filter,
    Link,
    LinkEnd,
    Match,
    Policy,
    Router,
    Rule,
    Subnet,
    ToLink,
    ToSubnet,
)

STATE_DIR = Path(sys.argv[1])


def router(number: int, other: int, ports: tuple[int, int]) -> Router:
    """VPC 10.N.0.0/16 with one instance that lets a range of TCP ports in."""
    own = FibEntry(ip_network(f"10.{number}.1.0/24"), ToSubnet("vsw"), "vsw")
    far = FibEntry(ip_network(f"10.{other}.0.0/16"), ToLink("pcc"), "rte")
    rule = Rule(Match(ip_network("0.0.0.0/0"), 6, *ports), Action.ACCEPT, "sgr")
    policy = Policy("sg", Filter((rule,), Action.DROP), Filter((), Action.ACCEPT))
    address = ip_address(f"10.{number}.1.9")
    return Router(
        f"vpc-{number}",
        "cn-hangzhou",
        {"vsw": Subnet("vsw", (own.prefix,), "vtb")},
        {f"i-{number}": Endpoint(f"i-{number}", "vsw", (address,), f"02:00:00:00:00:0{number}", "sg")},
        {"vtb": Fib("vtb", (own, far))},
        Fib("vtb", (own,)),
        {"sg": policy},
        {},
    )


def answered(plane: KernelDataPlane, port: int) -> bool:
    """Whether a TCP connection attempt is answered."""
    probe = Probe("i-1", ip_address("10.2.1.9"), 6, port, 300)
    return plane.probe(probe).verdict is Verdict.ANSWERED


join(STATE_DIR)
plane = KernelDataPlane(STATE_DIR)
try:
    routers = {f"vpc-{one}": router(one, 3 - one, (80, 90)) for one in (1, 2)}
    ends = (LinkEnd("vpc-1", "cn-hangzhou"), LinkEnd("vpc-2", "cn-hangzhou"))
    fabric = Fabric(1, routers, {"pcc": Link("pcc", ends, up=True, cap_mbps=100)})
    assert plane.apply(fabric).failures == {}
    assert answered(plane, 80)
    assert not answered(plane, 79)
    assert dict(plane.observe().drift) == {}
    outside = Endpoint("i-3", "vsw", (ip_address("10.1.1.10"),), "02:00:00:00:00:03", netns="/proc/1/ns/net")
    spoiled = {"vpc-1": router(1, 2, (80, 90)), "vpc-2": routers["vpc-2"]}
    spoiled["vpc-1"].endpoints["i-3"] = outside
    report = plane.apply(Fabric(2, spoiled, fabric.links))
    assert set(report.failures) == {"i-3"}, report
    assert answered(plane, 80)
finally:
    plane.close(destroy=True)
sys.stdout.write("everything holds\n")
