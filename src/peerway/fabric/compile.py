"""The stored network to the compiled one: a whole snapshot, or what a change touched.

Owns how a VPC's resources fit together into a router, and which peer connections are links. Routes are `fabric.routes`' business,
filters are `fabric.filters`'. Total: a reference to something that is not there drops packets and never fails.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.security import SecurityRule
from peerway.domain.vpc import Instance, Vpc
from peerway.fabric.filters import compile_acl, compile_security, group_members, policy_id
from peerway.fabric.model import Endpoint, Fabric, Fib, Link, LinkEnd, Policy, Router, Subnet
from peerway.fabric.routes import compile_fib, compile_inbound, system_entries
from peerway.fabric.snapshot import NOTHING, Snapshot, VpcState

T = TypeVar("T")

#: States in which a link is there and carries nothing.
DOWN_STATES = frozenset({PeeringState.SUSPENDED})


def compile_fabric(snapshot: Snapshot) -> Fabric:
    """The whole network of a snapshot. Cost follows the snapshot."""
    return recompile(Fabric(snapshot.revision), snapshot, snapshot.vpcs, snapshot.peerings)


def recompile(
    fabric: Fabric, snapshot: Snapshot, touched: Collection[str], touched_links: Collection[str]
) -> Fabric:
    """The network of `snapshot`, when `fabric` is that of an earlier one and only these VPCs and links were touched since.

    Routers and links that come out equal, touched or not, stay the identical objects; so do their parts. Cost follows the
    touched VPCs, plus a shallow copy of the two indexes.
    """
    links = dict(fabric.links)
    for id in touched_links:
        _settle(links, id, _compile_link(snapshot.peerings.get(id), snapshot))
    routers = dict(fabric.routers)
    for id in touched:
        state = snapshot.vpcs.get(id, NOTHING)
        before = routers.get(id)
        _settle(routers, id, None if state.vpc is None else _compile_router(state.vpc, state, links, before))
    return Fabric(snapshot.revision, routers, links)


def _settle(index: dict[str, T], id: str, made: T | None) -> None:
    """Put what was made in its place, unless it equals what is there; None takes it out."""
    if made is None:
        index.pop(id, None)
    elif index.get(id) != made:
        index[id] = made


def _compile_link(peering: Peering | None, snapshot: Snapshot) -> Link | None:
    """The link of a peer connection; None in states without one and when one of its VPCs is not there."""
    if peering is None:
        return None
    carries = PEERING.states[peering.state].carries
    if not carries and peering.state not in DOWN_STATES:
        return None
    if any(snapshot.vpcs.get(side.vpc_id, NOTHING).vpc is None for side in peering.sides):
        return None
    requester, accepter = (LinkEnd(side.vpc_id, side.region_id) for side in peering.sides)
    return Link(peering.id, (requester, accepter), up=carries, cap_mbps=peering.bandwidth_mbps)


def _compile_router(vpc: Vpc, state: VpcState, links: Mapping[str, Link], before: Router | None) -> Router:
    """The router of a VPC with all that hangs on it."""
    subnets = _compile_subnets(vpc, state)
    instances = [instance for instance in state.instances.values() if instance.vswitch_id in subnets]
    endpoints = {instance.id: _compile_endpoint(instance) for instance in instances}
    here = [id for id in state.peerings if id in links]
    fibs = _compile_fibs(vpc, state, endpoints, here)
    bound = {subnet.acl_id for subnet in subnets.values() if subnet.acl_id is not None}
    acls = {id: compile_acl(id, state.network_acls.get(id)) for id in sorted(bound)}
    policies = _compile_policies(state, instances)
    if before is not None:
        subnets, endpoints = _kept(before.subnets, subnets), _kept(before.endpoints, endpoints)
        fibs, acls, policies = (
            _kept(before.fibs, fibs),
            _kept(before.acls, acls),
            _kept(before.policies, policies),
        )
    inbound = compile_inbound(fibs[vpc.system_table_id])
    if before is not None and before.inbound == inbound:
        inbound = before.inbound
    return Router(
        vpc.id, vpc.region_id, subnets, endpoints, fibs=fibs, inbound=inbound, policies=policies, acls=acls
    )


def _kept(before: Mapping[str, T], after: dict[str, T]) -> dict[str, T]:
    """The values of `after`, each as the identical object it was before when it is equal."""
    return {id: before[id] if before.get(id) == value else value for id, value in after.items()}


def _compile_subnets(vpc: Vpc, state: VpcState) -> dict[str, Subnet]:
    """Every VSwitch; one bound to a table that is not there uses the system table."""
    return {
        vswitch.id: Subnet(
            vswitch.id,
            vswitch.prefixes,
            vswitch.route_table_id if vswitch.route_table_id in state.route_tables else vpc.system_table_id,
            vswitch.network_acl_id,
        )
        for vswitch in state.vswitches.values()
    }


def _compile_endpoint(instance: Instance) -> Endpoint:
    """An instance's interface."""
    return Endpoint(
        instance.id,
        instance.vswitch_id,
        instance.addresses,
        instance.mac,
        policy_id(instance.security_group_ids),
        forwards=not instance.source_dest_check,
        netns=instance.netns,
    )


def _compile_fibs(
    vpc: Vpc, state: VpcState, endpoints: Collection[str], links: Collection[str]
) -> dict[str, Fib]:
    """Every table of the VPC, bound or not; the system table in any case."""
    system = system_entries(state.vswitches.values())
    entries = _grouped(state.route_entries.values(), "route_table_id")
    tables = {vpc.system_table_id, *state.route_tables}
    return {id: compile_fib(id, system, entries.get(id, ()), endpoints, links) for id in sorted(tables)}


def _compile_policies(state: VpcState, instances: Iterable[Instance]) -> dict[str, Policy]:
    """One policy for each set of groups that some instance is in; a group that is not stored adds no rule."""
    sets = {policy_id(instance.security_group_ids): instance.security_group_ids for instance in instances}
    members = group_members(instances)
    rules: dict[str, list[SecurityRule]] = _grouped(state.security_rules.values(), "security_group_id")
    policies = {}
    for id, group_ids in sets.items():
        if id is not None:
            groups = [
                state.security_groups[group] for group in set(group_ids) if group in state.security_groups
            ]
            merged = [rule for group in groups for rule in rules.get(group.id, ())]
            policies[id] = compile_security(id, groups, merged, members)
    return policies


def _grouped(values: Iterable[T], field: str) -> dict[str, list[T]]:
    """The values by one of their fields."""
    groups: dict[str, list[T]] = {}
    for value in values:
        groups.setdefault(getattr(value, field), []).append(value)
    return groups
