"""Filters as text that the kernel takes: every way of getting from one to another, in one transaction."""

import ctypes.util
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.builders.topology import ACCEPT_ALL, Topology, acl_entry
from tests.support.flows import guarded
from tests.support.kernel import in_router, pair

from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.adapters.dataplane.kernel.ruleset import compile_ruleset
from peerway.app.dataplane import Probe, Verdict
from peerway.domain.security import Protocol
from peerway.domain.vpc import Vpc


def test_ruleset_depends_on_rules_and_interfaces_only() -> None:
    """Equal routers have equal filters, mark included; an added rule changes the mark and keeps the other filters."""
    net = Topology()
    one, _, here, _ = pair(net)
    group = net.group(one)
    net.change(here, security_group_ids=(group.id,))
    first = compile_ruleset(net.fabric().routers[one.id])
    again = compile_ruleset(net.fabric().routers[one.id])
    net.rule(group, protocol=Protocol.TCP)
    changed = compile_ruleset(net.fabric().routers[one.id])
    assert first is not None
    assert changed is not None
    assert first == again
    assert first.digest != changed.digest
    assert first.fixed["policies"] != changed.fixed["policies"]
    assert first.units.keys() & changed.units.keys()


def test_router_without_rules_has_no_filter() -> None:
    """No security groups, no ACLs, no IPv6: the kernel's filter hooks stay empty, and packets fast."""
    net = Topology()
    one, _, _, _ = pair(net)
    assert compile_ruleset(net.fabric().routers[one.id]) is None


@pytest.mark.kernel
def test_every_change_between_filters_is_taken(plane: KernelDataPlane) -> None:
    """With and without groups, ACLs, IPv6, long lists and gateways, in every order: nothing is refused, nothing is left over."""
    variants = [_variant(bits) for bits in itertools.product((False, True), repeat=4)]
    for number, (before, after) in enumerate(zip(variants, variants[::-1] + variants[:1], strict=False)):
        for net in (before, after):
            report = plane.apply(net.fabric())
            assert report.failures == {}, (number, report)
            assert dict(plane.observe().drift) == {}
    tables = in_router(plane, _vpc(net), "nft", "list", "tables")
    ruleset = compile_ruleset(net.fabric().routers[_vpc(net).id])
    assert ("inet" in tables) == bool(ruleset and ruleset.fixed)


def _variant(bits: tuple[bool, ...]) -> Topology:
    groups, acls, ipv6, gateway = bits
    net = Topology()
    one, _, here, _ = pair(net, ipv6=ipv6)
    if groups:
        group = net.group(one)
        for number in range(20):
            net.rule(group, f"10.{number}.0.0/16", protocol=Protocol.TCP, ports=(number, 100))
        net.change(here, security_group_ids=(group.id,))
    if acls:
        acl = net.acl(one, ingress=[acl_entry(cidr="10.2.0.0/16"), *ACCEPT_ALL], egress=ACCEPT_ALL)
        net.change(net.resources[here.vswitch_id], network_acl_id=acl.id)
    if gateway:
        net.change(here, source_dest_check=False)
    return net


def _vpc(net: Topology) -> Vpc:
    return next(found for id, found in net.resources.items() if id.startswith("vpc"))


@pytest.mark.kernel
def test_change_of_one_rule_keeps_the_other_filters(plane: KernelDataPlane) -> None:
    """A change loads what changed: the long list of another group stays the very same kernel object."""
    net = Topology()
    one, _, here, there = pair(net)
    long, short = net.group(one), net.group(one)
    for number in range(200):
        net.rule(long, f"10.2.{number}.0/24", protocol=Protocol.TCP, ports=(number, number))
    net.change(here, security_group_ids=(long.id,))
    net.instance(net.resources[here.vswitch_id], short)
    assert plane.apply(net.fabric()).failures == {}
    before = _maps(in_router(plane, one, "nft", "-a", "list", "maps"))
    net.rule(short, protocol=Protocol.ICMP)
    assert plane.apply(net.fabric()).failures == {}
    assert _maps(in_router(plane, one, "nft", "-a", "list", "maps")) == before
    assert plane.probe(Probe(there.id, here.ipv4, 6, 1, timeout_ms=900)).verdict is Verdict.ANSWERED


def _maps(listing: str) -> list[str]:
    return [line for line in listing.splitlines() if "map f" in line]


#: Two VPCs, the far instance guarded; prints what failed and who answers.
WITHOUT_LIBRARY = """
import sys
from pathlib import Path
from peerway.adapters.dataplane.kernel.driver import KernelDataPlane
from peerway.app.dataplane import Probe
from tests.builders.topology import Topology
from tests.support.kernel import pair
net = Topology()
one, other, here, there = pair(net)
group = net.group(other)
net.rule(group)
beside = net.instance(net.resources[there.vswitch_id])
net.change(there, security_group_ids=(group.id,))
plane = KernelDataPlane(Path(sys.argv[1]))
try:
    failures = plane.apply(net.fabric()).failures
    ask = lambda target, wait: plane.probe(Probe(here.id, target.ipv4, timeout_ms=wait)).verdict.value
    print(sorted(failures), failures[other.id], ask(there, 100), ask(beside, 900), sep=";")
    net.change(there, security_group_ids=())
    print(dict(plane.apply(net.fabric()).failures), ask(there, 900), sep=";")
finally:
    plane.close(destroy=True)
"""


@pytest.mark.kernel
@pytest.mark.skipif(os.geteuid() != 0, reason="hides the library by a mount, which only root may")
def test_instances_are_cut_off_when_their_filter_cannot_be_loaded(tmp_path: Path) -> None:
    """Without libnftables a guarded instance is unreachable, not open; others work, and it works once it needs no filter."""
    library = ctypes.util.find_library("nftables")
    found = subprocess.run(["ldconfig", "-p"], check=True, capture_output=True, text=True).stdout
    path = next(line.split("=> ")[1] for line in found.splitlines() if f"\t{library} " in line)
    hide = 'mount --bind /dev/null "$0" && exec "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", hide, path, sys.executable, "-c", WITHOUT_LIBRARY, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    failed = first.split(";")[0]
    guarded, beside = first.rsplit(";", 2)[1:]
    assert "vpc-2" in failed
    assert "i-2" in failed
    assert "nftables" in first
    assert (guarded, beside) == ("silent", "answered")
    assert second == "{};answered"


@pytest.mark.kernel
def test_instances_that_were_cut_off_come_back_with_their_filter(plane: KernelDataPlane) -> None:
    """The worker ends in the middle of a change: the guarded instance is cut off, and reachable once the next try succeeds."""
    net = Topology()
    here, there, _, _ = guarded(net)
    vpc = _vpc(net)
    net.change(here, security_group_ids=(net.group(vpc).id,))
    assert plane.apply(net.fabric()).failures == {}
    member = net.resources[here.id]
    worker = plane._loader._process
    assert worker is not None
    worker.kill()
    worker.wait()
    net.rule(net.resources[member.security_group_ids[0]], "10.2.0.0/16", protocol=Protocol.ICMP)
    assert set(plane.apply(net.fabric()).failures) == {vpc.id, here.id}
    assert plane.probe(Probe(there.id, here.ipv4, timeout_ms=100)).verdict is Verdict.SILENT
    assert plane.repair().failures == {}
    assert dict(plane.observe().drift) == {}
    assert plane.probe(Probe(there.id, here.ipv4, timeout_ms=900)).verdict is Verdict.ANSWERED


@pytest.mark.kernel
@pytest.mark.parametrize("harm", ["delete table inet peerway", "flush chain inet peerway judge"])
def test_change_of_rules_is_not_built_on_what_somebody_changed(plane: KernelDataPlane, harm: str) -> None:
    """NET-7: the filter was opened by hand, and rules change before anybody has looked: the whole filter is loaded."""
    net = Topology()
    here, there, _, ping = guarded(net)
    assert plane.apply(net.fabric()).failures == {}
    guard = net.resources[ping.vpc_id]
    assert plane.probe(Probe(here.id, there.ipv4, 6, 22, timeout_ms=100)).verdict is Verdict.SILENT
    in_router(plane, guard, "nft", harm)
    net.remove(ping)
    assert plane.apply(net.fabric()).failures == {}
    assert dict(plane.observe().drift) == {}
    assert plane.probe(Probe(here.id, there.ipv4, 6, 22, timeout_ms=100)).verdict is Verdict.SILENT
    assert plane.probe(Probe(here.id, there.ipv4, timeout_ms=100)).verdict is Verdict.SILENT
    assert plane.probe(Probe(here.id, there.ipv4, 6, 5000, timeout_ms=900)).verdict is Verdict.ANSWERED
