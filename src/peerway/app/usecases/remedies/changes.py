"""Making a remedy's change by the use cases that a user would make it by: with their checks, rights, quotas and audit.

Owns which use case makes which remedy. Whether the change helps is looked at elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from peerway.analysis.remedies import (
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
from peerway.analysis.remedies.effects import new_group_id, with_entry
from peerway.app.store import Writer
from peerway.app.usecases import (
    databases,
    instances,
    ipv4_gateways,
    network_acls,
    peerings,
    route_entries,
    router_interfaces,
    security_groups,
    security_rules,
    snat_entries,
    vbrs,
)
from peerway.app.usecases.access import own
from peerway.app.world import World
from peerway.domain.account import Caller
from peerway.domain.route_table import NextHop
from peerway.domain.security import AclEntry, Direction, NetworkAcl
from peerway.domain.service import Database
from peerway.domain.vpc import Instance

#: Ids of what was made, by what stood for them in the remedies.
Made = dict[str, str]

#: What makes one kind of remedy.
Make = Callable[[Writer, World, Caller, Any, Made], object]

#: Every port.
_ALL_PORTS: Final = (0, 65535)


def make(tx: Writer, world: World, caller: Caller, remedy: Remedy, made: Made) -> None:
    """Make the change; raises what its use case raises. Ids of what is new go into `made`."""
    MAKES[type(remedy)](tx, world, caller, remedy, made)


def port_range(low: int, high: int) -> str | None:
    """The ports as requests give them; None for all."""
    return None if (low, high) == _ALL_PORTS else f"{low}/{high}"


def rule_spec(remedy: AllowInGroup | AllowByNewGroup) -> dict[str, Any]:
    """The rule as requests give it."""
    return {
        "direction": remedy.direction.value,
        "priority": remedy.priority,
        "action": "accept",
        "protocol": remedy.protocol.value,
        "port_range": port_range(remedy.port_low, remedy.port_high),
        "remote_cidr": str(remedy.remote),
    }


def entries_with(acl: NetworkAcl, remedy: InsertAclEntry) -> list[dict[str, Any]]:
    """All entries of that direction as requests give them, the new one among them."""
    after = with_entry(acl, remedy)
    entries = after.ingress if remedy.direction is Direction.INGRESS else after.egress
    return [entry_spec(entry) for entry in entries]


def entry_spec(entry: AclEntry) -> dict[str, Any]:
    """An entry as requests give it."""
    return {
        "action": entry.action.value,
        "protocol": entry.protocol.value,
        "port_range": port_range(entry.port_low, entry.port_high),
        "cidr": str(entry.cidr),
        "name": entry.name,
    }


def _create_peering(tx: Writer, world: World, caller: Caller, remedy: CreatePeering, made: Made) -> None:
    request = peerings.CreatePeering(
        vpc_id=remedy.vpc_id,
        peer_vpc_id=remedy.peer_vpc_id,
        peer_uid=remedy.peer_uid,
        peer_region_id=remedy.peer_region_id,
    )
    made[NEW_PEERING] = peerings.create_peering(tx, world, caller, request).id


def _enable_peering(tx: Writer, world: World, caller: Caller, remedy: EnablePeering, made: Made) -> None:
    peerings.enable_peering(tx, world, caller, peerings.EnablePeering(id=remedy.peering_id))


def _accept_peering(tx: Writer, world: World, caller: Caller, remedy: AcceptPeering, made: Made) -> None:
    id = made.get(remedy.peering_id, remedy.peering_id)
    peerings.accept_peering(tx, world, caller, peerings.AcceptPeering(id=id))


def _connect(tx: Writer, world: World, caller: Caller, remedy: ConnectInterface, made: Made) -> None:
    request = router_interfaces.ConnectRouterInterface(id=remedy.interface_id)
    router_interfaces.connect_router_interface(tx, world, caller, request)


def _activate(tx: Writer, world: World, caller: Caller, remedy: ActivateInterface, made: Made) -> None:
    request = router_interfaces.ActivateRouterInterface(id=remedy.interface_id)
    router_interfaces.activate_router_interface(tx, world, caller, request)


def _recover_vbr(tx: Writer, world: World, caller: Caller, remedy: RecoverVbr, made: Made) -> None:
    vbrs.recover_vbr(tx, world, caller, vbrs.VbrRequest(id=remedy.vbr_id))


def _remove_route(tx: Writer, world: World, caller: Caller, remedy: RemoveRoute, made: Made) -> None:
    route_entries.delete_route_entry(tx, world, caller, route_entries.DeleteRouteEntry(id=remedy.entry_id))


def _add_route(tx: Writer, world: World, caller: Caller, remedy: AddRoute, made: Made) -> None:
    request = route_entries.CreateRouteEntry(
        route_table_id=remedy.table_id,
        destination=str(remedy.destination),
        next_hop=remedy.next_hop.value,
        next_hop_id=None
        if remedy.next_hop is NextHop.LINE
        else made.get(remedy.next_hop_id, remedy.next_hop_id),
    )
    route_entries.create_route_entry(tx, world, caller, request)


def _allow(tx: Writer, world: World, caller: Caller, remedy: AllowInGroup, made: Made) -> None:
    request = security_rules.CreateSecurityRule(security_group_id=remedy.group_id, **rule_spec(remedy))
    security_rules.create_security_rule(tx, world, caller, request)


def _allow_alone(tx: Writer, world: World, caller: Caller, remedy: AllowByNewGroup, made: Made) -> None:
    """A group for the instance alone, made once, and a rule in it."""
    group_id = made.get(new_group_id(remedy.instance_id))
    if group_id is None:
        asked = security_groups.CreateSecurityGroup(vpc_id=remedy.vpc_id, inner_access=False)
        group_id = security_groups.create_security_group(tx, world, caller, asked).id
        made[new_group_id(remedy.instance_id)] = group_id
        instance = own(tx, caller, Instance, remedy.instance_id)
        groups = (*instance.security_group_ids, group_id)
        update = instances.UpdateInstance(id=instance.id, security_group_ids=groups)
        instances.update_instance(tx, world, caller, update)
    rule = security_rules.CreateSecurityRule(security_group_id=group_id, **rule_spec(remedy))
    security_rules.create_security_rule(tx, world, caller, rule)


def _insert_entry(tx: Writer, world: World, caller: Caller, remedy: InsertAclEntry, made: Made) -> None:
    acl = own(tx, caller, NetworkAcl, remedy.acl_id)
    specs = tuple(network_acls.AclEntrySpec(**spec) for spec in entries_with(acl, remedy))
    inward = remedy.direction is Direction.INGRESS
    request = (
        network_acls.ReplaceAclEntries(id=acl.id, ingress=specs)
        if inward
        else network_acls.ReplaceAclEntries(id=acl.id, egress=specs)
    )
    network_acls.replace_acl_entries(tx, world, caller, request)


def _whitelist(tx: Writer, world: World, caller: Caller, remedy: AddToWhitelist, made: Made) -> None:
    database = own(tx, caller, Database, remedy.database_id)
    ranges = (*map(str, database.whitelist), str(remedy.remote))
    databases.update_database(tx, world, caller, databases.UpdateDatabase(id=database.id, whitelist=ranges))


def _let_forward(tx: Writer, world: World, caller: Caller, remedy: LetForward, made: Made) -> None:
    request = instances.UpdateInstance(id=remedy.instance_id, source_dest_check=False)
    instances.update_instance(tx, world, caller, request)


def _enable_gateway(tx: Writer, world: World, caller: Caller, remedy: EnableIpv4Gateway, made: Made) -> None:
    if remedy.gateway_id is None:
        asked = ipv4_gateways.CreateIpv4Gateway(vpc_id=remedy.vpc_id, enabled=True)
        ipv4_gateways.create_ipv4_gateway(tx, world, caller, asked)
        return
    request = ipv4_gateways.UpdateIpv4Gateway(id=remedy.gateway_id, enabled=True)
    ipv4_gateways.update_ipv4_gateway(tx, world, caller, request)


def _add_source_nat(tx: Writer, world: World, caller: Caller, remedy: AddSourceNat, made: Made) -> None:
    request = snat_entries.CreateSnatEntry(
        nat_gateway_id=remedy.gateway_id, source=str(remedy.source), public=(str(remedy.public),)
    )
    snat_entries.create_snat_entry(tx, world, caller, request)


#: What makes each kind.
MAKES: Final[Mapping[type[Remedy], Make]] = {
    CreatePeering: _create_peering,
    EnablePeering: _enable_peering,
    AcceptPeering: _accept_peering,
    ConnectInterface: _connect,
    ActivateInterface: _activate,
    RecoverVbr: _recover_vbr,
    RemoveRoute: _remove_route,
    AddRoute: _add_route,
    AllowInGroup: _allow,
    AllowByNewGroup: _allow_alone,
    InsertAclEntry: _insert_entry,
    AddToWhitelist: _whitelist,
    LetForward: _let_forward,
    EnableIpv4Gateway: _enable_gateway,
    AddSourceNat: _add_source_nat,
}
