"""What the rootless test runs as an ordinary user; imports nothing that has to be compiled."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network
from pathlib import Path

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane, join
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.port import Port, PortKind, Transfer
from peerway.fabric.model import (
    Action,
    Backend,
    Endpoint,
    Fabric,
    Fib,
    FibEntry,
    Filter,
    Link,
    LinkCheck,
    LinkEnd,
    Match,
    Policy,
    Router,
    Rule,
    Service,
    ServiceCheck,
    Subnet,
    ToLink,
    ToResolver,
    ToSubnet,
    ToUplink,
    Uplink,
)

STATE_DIR = Path(sys.argv[1])


def router(number: int, other: int, ports: tuple[int, int]) -> Router:
    """VPC 10.N.0.0/16 with one instance that lets a range of TCP ports in."""
    own = FibEntry(ip_network(f"10.{number}.1.0/24"), ToSubnet("vsw"), "vsw")
    far = FibEntry(ip_network(f"10.{other}.0.0/16"), ToLink("pcc"), "rte")
    anywhere = ip_network("0.0.0.0/0")
    rules = tuple(Rule(one, Action.ACCEPT, "sgr") for one in (Match(anywhere, 6, *ports), Match(anywhere, 1)))
    policy = Policy("sg", Filter(rules, Action.DROP), Filter((), Action.ACCEPT))
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


def with_uplink(inner: Router, port: Port) -> Router:
    """The router with a line on a port, which its table leads to."""
    transfer = Transfer(ip_interface("172.30.0.1/30"), ip_address("172.30.0.2"))
    way = FibEntry(ip_network("172.30.0.0/30"), ToUplink("line"), "rte")
    table = Fib("vtb", (*inner.fibs["vtb"].entries, way))
    uplink = Uplink("line", port, up=True, fib_id="vtb", transfers=(transfer,))
    return replace(inner, fibs={"vtb": table}, uplinks={"line": uplink})


def with_services(inner: Router) -> Router:
    """The router with a name server and a load balancer in front of its instance, which is asked for echoes."""
    way = FibEntry(ip_network("100.100.2.136/32"), ToResolver(), "resolver")
    table = Fib("vtb", (*inner.fibs["vtb"].entries, way))
    backend = Backend("i-1", IPv4Address("10.1.1.9"), 53, 100)
    service = Service("lsn", IPv4Address("10.1.1.200"), 17, 53, (backend,), ServiceCheck(1, 100, 2))
    return replace(inner, fibs={"vtb": table}, services={"lsn": service})


def wait_for(happened: Callable[[], bool]) -> None:
    """Ask again and again until it has happened."""
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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
    check = LinkCheck("vpc-1", "pcc", IPv4Address("10.1.1.99"), IPv4Address("10.2.1.9"), 100, 2)
    links = {"pcc": replace(fabric.links["pcc"], check=check)}
    served = {**routers, "vpc-1": with_services(routers["vpc-1"])}
    assert plane.apply(Fabric(1, served, links)).failures == {}
    wait_for(lambda: plane.health() == {"pcc": True, "lsn/i-1": True})
    wait_for(lambda: plane.probe(Probe("i-1", ip_address("100.100.2.136"), 6, 53)).detail == "connected")
    outside = Endpoint("i-3", "vsw", (ip_address("10.1.1.10"),), "02:00:00:00:00:03", netns="/proc/1/ns/net")
    spoiled = {"vpc-1": router(1, 2, (80, 90)), "vpc-2": routers["vpc-2"]}
    spoiled["vpc-1"].endpoints["i-3"] = outside
    report = plane.apply(Fabric(2, spoiled, fabric.links))
    assert set(report.failures) == {"i-3"}, report
    assert answered(plane, 80)
    command = ["unshare", "--net", "sh", "-c", "echo; exec cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as office:
        assert office.stdout is not None
        office.stdout.readline()
        border = with_uplink(routers["vpc-1"], Port(PortKind.NETNS, f"/proc/{office.pid}/ns/net"))
        report = plane.apply(Fabric(3, {**routers, "vpc-1": border}, fabric.links))
        assert report.failures == {}, report
        probe = Probe("i-1", ip_address("172.30.0.2"), timeout_ms=900)
        subprocess.run(
            [
                "nsenter",
                f"--net=/proc/{office.pid}/ns/net",
                "ip",
                "route",
                "add",
                "10.1.0.0/16",
                "via",
                "172.30.0.1",
            ],
            check=True,
        )
        assert plane.probe(probe).verdict is Verdict.ANSWERED
        assert dict(plane.observe().drift) == {}
        office.kill()
    border = with_uplink(routers["vpc-1"], Port(PortKind.INTERFACE, "lo"))
    report = plane.apply(Fabric(4, {**routers, "vpc-1": border}, fabric.links))
    assert "not root" in report.failures["line"], report
    assert answered(plane, 80)
finally:
    plane.close(destroy=True)
sys.stdout.write("everything holds\n")
