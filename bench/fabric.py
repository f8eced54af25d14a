"""How long the fabric takes to compile, from all stored resources and after one edit."""

from __future__ import annotations

import gc
from dataclasses import dataclass, replace
from ipaddress import ip_network
from statistics import median
from time import perf_counter

from tests.builders.topology import EGRESS, Topology

from bench.stats import Figure
from peerway.domain.peering import PeeringState
from peerway.domain.resource import Resource
from peerway.domain.vpc import Instance
from peerway.fabric.compile import compile_fabric, recompile
from peerway.fabric.model import Fabric
from peerway.fabric.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class FabricFigures:
    #: Size of what was compiled.
    vpcs: int
    instances: int
    links: int
    route_entries: int
    #: All resources into a snapshot, seconds.
    snapshot_s: float
    #: The snapshot into a fabric, seconds.
    compile_s: float
    #: One edit into the snapshot and the fabric, milliseconds, median.
    edit_ms: float
    #: The same, at a hundredth of the size: the cost of an edit hardly follows the size of the network.
    small_edit_ms: float


def measure(*, quick: bool) -> list[Figure]:
    found = measure_fabric(1_000 if quick else 10_000)
    size = f"{found.vpcs:,} VPCs, {found.instances:,} instances, {found.links:,} links"
    return [
        Figure(name="stored resources into a snapshot", unit="s", samples=(found.snapshot_s,), note=size),
        Figure(name="snapshot into a fabric", unit="s", samples=(found.compile_s,), note=size),
        Figure(name="one edit", unit="ms", samples=(found.edit_ms,), note=f"{size}; median of 40"),
        Figure(name="one edit, a hundredth of the size", unit="ms", samples=(found.small_edit_ms,)),
    ]


def network(vpcs: int, instances_each: int = 10, links_each: int = 2) -> Topology:
    """VPCs with two VSwitches, one group with three rules, and links to their next neighbours with a route each way."""
    topology = Topology()
    made = []
    for number in range(vpcs):
        vpc = topology.vpc(str(ip_network(((10 << 24) + (number << 8), 24))))
        group = topology.group(vpc)
        topology.rule(group)
        topology.rule(group, "10.0.0.0/8", priority=2)
        topology.rule(group, direction=EGRESS)
        base = str(vpc.cidr.network_address).rsplit(".", 1)[0]
        vswitches = [topology.vswitch(vpc, f"{base}.{start}/25") for start in (0, 128)]
        for instance in range(instances_each):
            topology.instance(vswitches[instance % 2], group)
        made.append(vpc)
    for number, vpc in enumerate(made):
        for step in range(1, links_each + 1):
            other = made[(number + step) % vpcs]
            peering = topology.peering(vpc, other)
            topology.route(vpc, other.cidr, peering)
            topology.route(other, vpc.cidr, peering)
    return topology


def measure_fabric(vpcs: int = 10_000, instances_each: int = 10, links_each: int = 2) -> FabricFigures:
    """Figures of a whole compilation and of single edits."""
    topology = network(vpcs, instances_each, links_each)
    resources = list(topology.resources.values())
    small = network(max(vpcs // 100, 10), instances_each, links_each)
    gc.collect()
    gc.freeze()
    started = perf_counter()
    snapshot = Snapshot.of(topology.revision, resources)
    taken = perf_counter()
    fabric = compile_fabric(snapshot)
    compiled = perf_counter()
    figures = FabricFigures(
        vpcs=len(fabric.routers),
        instances=sum(len(router.endpoints) for router in fabric.routers.values()),
        links=len(fabric.links),
        route_entries=sum(len(state.route_entries) for state in snapshot.vpcs.values()),
        snapshot_s=taken - started,
        compile_s=compiled - taken,
        edit_ms=measure_edits(snapshot, fabric, resources),
        small_edit_ms=measure_edits(small.snapshot(), small.fabric(), list(small.resources.values())),
    )
    gc.unfreeze()
    assert (figures.vpcs, figures.instances) == (vpcs, vpcs * instances_each)
    return figures


def measure_edits(snapshot: Snapshot, fabric: Fabric, resources: list[Resource], rounds: int = 40) -> float:
    """Median time of one edit, milliseconds: links suspended and resumed, instances leaving their groups."""
    peerings = list(snapshot.peerings.values())
    instances = [resource for resource in resources if isinstance(resource, Instance)]
    times = []
    for number in range(rounds):
        edit: Resource = replace(
            peerings[number * 97 % len(peerings)], state=PeeringState.SUSPENDED, revision=number
        )
        if number % 2:
            edit = replace(instances[number * 97 % len(instances)], security_group_ids=())
        started = perf_counter()
        changed = snapshot.with_changes(snapshot.revision + 1, [edit])
        new = recompile(fabric, *changed)
        times.append(perf_counter() - started)
        assert new != fabric
        snapshot, fabric = changed.snapshot, new
    return median(times) * 1000
