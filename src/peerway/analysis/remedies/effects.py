"""What a remedy does to the network once it is made and settled: the stored objects as they are then.

Owns the effect of each remedy and no check whether it may be made: quotas, rights and the rest are the use cases' business. Ids of
what would be new are made up here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from peerway.analysis.network import Network
from peerway.analysis.remedies.kinds import (
    NEW_PEERING,
    AcceptPeering,
    ActivateInterface,
    AddRoute,
    AddSourceNat,
    AddToWhitelist,
    AllowByNewGroup,
    AllowInGroup,
    ConnectInterface,
    CreatePeering,
    EnableIpv4Gateway,
    EnablePeering,
    InsertAclEntry,
    LetForward,
    RecoverVbr,
    Remedy,
    RemoveRoute,
)
from peerway.domain.gateway import Ipv4Gateway, SnatEntry
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.domain.peering import Peering, PeeringSide, PeeringState
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.route_table import RouteEntry
from peerway.domain.router_interface import InterfaceState
from peerway.domain.security import AclEntry, Direction, NetworkAcl, RuleAction, SecurityGroup, SecurityRule
from peerway.domain.vpc import Vpc
from peerway.fabric.site import Site
from peerway.fabric.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Effect:
    """What is written and what is removed."""

    #: Resources as they are then.
    upserts: tuple[Resource, ...] = ()
    #: Kind and id of what is gone.
    removals: tuple[tuple[str, str], ...] = ()


def remedied(network: Network, remedies: Iterable[Remedy]) -> Network:
    """The network after these remedies, one after the other; one whose object is not there, or not so, does nothing.

    Compiled once, whatever their number.
    """
    snapshot = network.snapshot
    written: dict[str, Resource] = {}
    removed: dict[str, tuple[str, str]] = {}
    for remedy in remedies:
        effect = effect_of(snapshot, remedy)
        snapshot = _after(snapshot, effect)
        written |= {resource.id: resource for resource in effect.upserts}
        removed |= {id: (kind, id) for kind, id in effect.removals}
    return network.after(network.revision, written.values(), removed.values())


def effected(snapshot: Snapshot, remedy: Remedy) -> Snapshot:
    """The stored objects after one remedy."""
    return _after(snapshot, effect_of(snapshot, remedy))


def new_group_id(instance_id: str) -> str:
    """What stands for the id of the security group that would be made for an instance."""
    return f"sg-new-{instance_id}"


def effect_of(snapshot: Snapshot, remedy: Remedy) -> Effect:  # noqa: C901, PLR0911, PLR0912 - a case a remedy
    """What one remedy does to the stored objects as they are."""
    match remedy:
        case CreatePeering():
            return _create_peering(snapshot, remedy)
        case EnablePeering(peering_id=id):
            return _peering_state(snapshot, id, PeeringState.EXPIRED, PeeringState.PENDING)
        case AcceptPeering(peering_id=id):
            return _peering_state(snapshot, id, PeeringState.PENDING, PeeringState.ACTIVE)
        case ConnectInterface(interface_id=id):
            near = snapshot.interface(id)
            far_id = near.opposite_interface_id if near else None
            return _switch_on(snapshot, InterfaceState.IDLE, id, far_id)
        case ActivateInterface(interface_id=id):
            return _switch_on(snapshot, InterfaceState.INACTIVE, id)
        case RecoverVbr(vbr_id=id):
            vbr = snapshot.site(id).router
            if not isinstance(vbr, VirtualBorderRouter) or vbr.state is not VbrState.TERMINATED:
                return Effect()
            return _written(replace(vbr, state=VbrState.ACTIVE))
        case RemoveRoute(entry_id=id):
            return Effect(removals=(("routeentry", id),))
        case AddRoute():
            return _add_route(snapshot, remedy)
        case AllowInGroup() | AllowByNewGroup():
            return _allow(snapshot, remedy)
        case InsertAclEntry():
            return _insert_entry(snapshot, remedy)
        case AddToWhitelist(database_id=id, remote=remote):
            database = _site(snapshot, id).databases.get(id)
            return _written(replace(database, whitelist=(*database.whitelist, remote)) if database else None)
        case LetForward(instance_id=id):
            instance = _site(snapshot, id).instances.get(id)
            return _written(replace(instance, source_dest_check=False) if instance else None)
        case EnableIpv4Gateway():
            return _enable_gateway(snapshot, remedy)
        case AddSourceNat():
            return _add_source_nat(snapshot, remedy)


def _after(snapshot: Snapshot, effect: Effect) -> Snapshot:
    return snapshot.with_changes(snapshot.revision, effect.upserts, effect.removals).snapshot


def _site(snapshot: Snapshot, id: str) -> Site:
    """Where a resident stands."""
    return snapshot.site(snapshot.homes.get(id))


def _written(*resources: Resource | None) -> Effect:
    return Effect(tuple(resource for resource in resources if resource is not None))


def _vpc(snapshot: Snapshot, id: str) -> Vpc | None:
    vpc = snapshot.site(id).router
    return vpc if isinstance(vpc, Vpc) else None


def _create_peering(snapshot: Snapshot, remedy: CreatePeering) -> Effect:
    one, other = _vpc(snapshot, remedy.vpc_id), _vpc(snapshot, remedy.peer_vpc_id)
    if one is None or other is None:
        return Effect()
    sides = [PeeringSide(vpc.owner_uid, vpc.region_id, vpc.id) for vpc in (one, other)]
    return _written(
        Peering(
            id=NEW_PEERING,
            owner_uid=one.owner_uid,
            created_at=one.created_at,
            name="",
            profile="native",
            requester=sides[0],
            accepter=sides[1],
            state=PeeringState.ACTIVE if one.owner_uid == other.owner_uid else PeeringState.PENDING,
            state_since=one.created_at,
        )
    )


def _peering_state(snapshot: Snapshot, id: str, before: PeeringState, after: PeeringState) -> Effect:
    peering = snapshot.peerings.get(id)
    if peering is None or peering.state is not before:
        return Effect()
    return _written(replace(peering, state=after))


def _switch_on(snapshot: Snapshot, before: InterfaceState, *ids: str | None) -> Effect:
    """The interfaces switched on, when all of them are as they have to be for that."""
    sides = [snapshot.interface(id) for id in ids]
    if any(side is None or side.state is not before for side in sides):
        return Effect()
    return _written(*(replace(side, state=InterfaceState.ACTIVE) for side in sides if side))


def _add_route(snapshot: Snapshot, remedy: AddRoute) -> Effect:
    site, id = snapshot.site(remedy.router_id), f"rte-new-{remedy.table_id}-{remedy.destination}"
    home = site.router
    there = (remedy.table_id, remedy.destination)
    # A table has one entry to a destination, switched on or off.
    taken = any(
        (one.route_table_id, one.destination) == there and one.id != id for one in site.route_entries.values()
    )
    if home is None or taken:
        return Effect()
    return _written(
        RouteEntry(
            id=id,
            owner_uid=remedy.owner_uid,
            created_at=home.created_at,
            vpc_id=remedy.router_id,
            route_table_id=remedy.table_id,
            destination=remedy.destination,
            next_hop=remedy.next_hop,
            next_hop_id=remedy.next_hop_id,
        )
    )


def _allow(snapshot: Snapshot, remedy: AllowInGroup | AllowByNewGroup) -> Effect:
    """The rule, and for a new group the group and who is in it."""
    fresh: list[Resource] = []
    if isinstance(remedy, AllowInGroup):
        group = _site(snapshot, remedy.group_id).security_groups.get(remedy.group_id)
    else:
        group, fresh = _new_group(snapshot, remedy)
    if group is None:
        return Effect()
    rule = SecurityRule(
        id=f"sgr-new-{group.id}-{remedy.direction.value}-{remedy.protocol.value}-{remedy.port_low}-{remedy.remote}",
        owner_uid=group.owner_uid,
        created_at=group.created_at,
        vpc_id=group.vpc_id,
        security_group_id=group.id,
        direction=remedy.direction,
        priority=remedy.priority,
        protocol=remedy.protocol,
        port_low=remedy.port_low,
        port_high=remedy.port_high,
        remote_cidr=remedy.remote,
    )
    return _written(*fresh, rule)


def _new_group(snapshot: Snapshot, remedy: AllowByNewGroup) -> tuple[SecurityGroup | None, list[Resource]]:
    """The group made for one instance, and what is to be written for it; it is made once."""
    site, id = snapshot.site(remedy.vpc_id), new_group_id(remedy.instance_id)
    instance = site.instances.get(remedy.instance_id)
    if instance is None:
        return None, []
    group = site.security_groups.get(id)
    if group is not None:
        return group, []
    group = SecurityGroup(
        id=id,
        owner_uid=instance.owner_uid,
        created_at=instance.created_at,
        vpc_id=instance.vpc_id,
        name="",
        inner_access=False,
    )
    joined = replace(instance, security_group_ids=(*instance.security_group_ids, id))
    return group, [group, joined]


def _insert_entry(snapshot: Snapshot, remedy: InsertAclEntry) -> Effect:
    acl = _site(snapshot, remedy.acl_id).network_acls.get(remedy.acl_id)
    return _written(with_entry(acl, remedy) if acl else None)


def with_entry(acl: NetworkAcl, remedy: InsertAclEntry) -> NetworkAcl:
    """The ACL with the entry in its place."""
    made = AclEntry(
        action=RuleAction.ACCEPT,
        protocol=remedy.protocol,
        port_low=remedy.port_low,
        port_high=remedy.port_high,
        cidr=remedy.remote,
    )
    inward = remedy.direction is Direction.INGRESS
    entries = acl.ingress if inward else acl.egress
    place = remedy.position - 1
    entries = (*entries[:place], made, *entries[place:])
    return replace(acl, ingress=entries) if inward else replace(acl, egress=entries)


def _enable_gateway(snapshot: Snapshot, remedy: EnableIpv4Gateway) -> Effect:
    vpc, site = _vpc(snapshot, remedy.vpc_id), snapshot.site(remedy.vpc_id)
    present = site.ipv4_gateways.get(remedy.gateway_id or "")
    if present is not None:
        return _written(replace(present, enabled=True))
    if vpc is None:
        return Effect()
    made = Ipv4Gateway(
        id=f"ipv4gw-new-{vpc.id}",
        owner_uid=vpc.owner_uid,
        created_at=vpc.created_at,
        vpc_id=vpc.id,
        enabled=True,
        state=Provisioning.AVAILABLE,
    )
    return _written(made)


def _add_source_nat(snapshot: Snapshot, remedy: AddSourceNat) -> Effect:
    gateway = _site(snapshot, remedy.gateway_id).nat_gateways.get(remedy.gateway_id)
    if gateway is None:
        return Effect()
    public: tuple[IPv4Address, ...] = (remedy.public,)
    return _written(
        SnatEntry(
            id=f"snat-new-{gateway.id}-{remedy.source}",
            owner_uid=gateway.owner_uid,
            created_at=gateway.created_at,
            vpc_id=gateway.vpc_id,
            nat_gateway_id=gateway.id,
            source=remedy.source,
            public=public,
        )
    )
