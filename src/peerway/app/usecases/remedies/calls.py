"""The calls of the native API that make a remedy's change, in the shape of a file of changes (`POST /changes`).

Owns method, path and body of each. A later call refers to what an earlier one makes as `${NAME.id}`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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
from peerway.analysis.remedies.effects import effected, new_group_id
from peerway.app.usecases.remedies.changes import entries_with, rule_spec
from peerway.domain.route_table import NextHop
from peerway.fabric.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One call."""

    #: By which later calls refer to its answer; None when none does.
    name: str | None = None
    #: Method.
    method: str
    #: Path below `/api/v1`.
    path: str
    #: Body; None without one.
    body: dict[str, Any] | None = None


#: What the call that makes a peer connection is called.
PEERING = "peering"


def calls_of(snapshot: Snapshot, remedies: Iterable[Remedy]) -> tuple[ApiCall, ...]:
    """The calls of all remedies in order. `snapshot` is what they are for: bodies give all that is kept."""
    calls: list[ApiCall] = []
    for remedy in remedies:
        calls += _calls(snapshot, remedy)
        snapshot = effected(snapshot, remedy)
    return tuple(calls)


def _calls(snapshot: Snapshot, remedy: Remedy) -> tuple[ApiCall, ...]:  # noqa: C901, PLR0911, PLR0912 - a case a remedy
    match remedy:
        case CreatePeering():
            body = {
                "vpc_id": remedy.vpc_id,
                "peer_vpc_id": remedy.peer_vpc_id,
                "peer_uid": remedy.peer_uid,
                "peer_region_id": remedy.peer_region_id,
            }
            return (ApiCall(name=PEERING, method="POST", path="/peerings", body=body),)
        case EnablePeering(peering_id=id):
            return (_verb("peerings", id, "enable"),)
        case AcceptPeering(peering_id=id):
            return (_verb("peerings", _peering_id(id), "accept"),)
        case ConnectInterface(interface_id=id):
            return (_verb("router-interfaces", id, "connect"),)
        case ActivateInterface(interface_id=id):
            return (_verb("router-interfaces", id, "activate"),)
        case RecoverVbr(vbr_id=id):
            return (_verb("vbrs", id, "recover"),)
        case RemoveRoute(entry_id=id):
            return (ApiCall(method="DELETE", path=f"/route-entries/{id}"),)
        case AddRoute():
            return (_add_route(remedy),)
        case AllowInGroup(group_id=id):
            return (ApiCall(method="POST", path=f"/security-groups/{id}/rules", body=rule_spec(remedy)),)
        case AllowByNewGroup():
            return _new_group(snapshot, remedy)
        case InsertAclEntry():
            return _insert_entry(snapshot, remedy)
        case AddToWhitelist(database_id=id):
            found = snapshot.site(snapshot.homes.get(id)).databases.get(id)
            kept = [str(listed) for listed in found.whitelist] if found else []
            return (_patch("databases", id, whitelist=[*kept, str(remedy.remote)]),)
        case LetForward(instance_id=id):
            return (_patch("instances", id, source_dest_check=False),)
        case EnableIpv4Gateway(vpc_id=vpc_id, gateway_id=None):
            made = {"vpc_id": vpc_id, "enabled": True}
            return (ApiCall(method="POST", path="/ipv4-gateways", body=made),)
        case EnableIpv4Gateway(gateway_id=str(id)):
            return (_patch("ipv4-gateways", id, enabled=True),)
        case AddSourceNat(gateway_id=id):
            entry = {"source": str(remedy.source), "public": [str(remedy.public)]}
            return (ApiCall(method="POST", path=f"/nat-gateways/{id}/snat-entries", body=entry),)
    raise AssertionError(remedy)


def _verb(kind: str, id: str, verb: str) -> ApiCall:
    return ApiCall(method="POST", path=f"/{kind}/{id}/{verb}")


def _patch(kind: str, id: str, **body: object) -> ApiCall:
    return ApiCall(method="PATCH", path=f"/{kind}/{id}", body=body)


def _peering_id(id: str) -> str:
    return f"${{{PEERING}.id}}" if id == NEW_PEERING else id


def _add_route(remedy: AddRoute) -> ApiCall:
    body: dict[str, Any] = {"destination": str(remedy.destination), "next_hop": remedy.next_hop.value}
    if remedy.next_hop is not NextHop.LINE:
        body["next_hop_id"] = _peering_id(remedy.next_hop_id)
    return ApiCall(method="POST", path=f"/route-tables/{remedy.table_id}/entries", body=body)


def _new_group(snapshot: Snapshot, remedy: AllowByNewGroup) -> tuple[ApiCall, ...]:
    """The group, its rule, and the instance in it beside the groups that it has; only the rule once it is there."""
    instance = snapshot.site(remedy.vpc_id).instances.get(remedy.instance_id)
    kept = list(instance.security_group_ids) if instance is not None else []
    name = "group-" + remedy.instance_id
    group = {"vpc_id": remedy.vpc_id, "inner_access": False}
    reference = f"${{{name}.id}}"
    rule = ApiCall(method="POST", path=f"/security-groups/{reference}/rules", body=rule_spec(remedy))
    if new_group_id(remedy.instance_id) in kept:
        return (rule,)
    return (
        ApiCall(name=name, method="POST", path="/security-groups", body=group),
        rule,
        _patch("instances", remedy.instance_id, security_group_ids=[*kept, reference]),
    )


def _insert_entry(snapshot: Snapshot, remedy: InsertAclEntry) -> tuple[ApiCall, ...]:
    """All entries of the direction: they are replaced together."""
    home = snapshot.site(snapshot.homes.get(remedy.acl_id))
    acl = home.network_acls.get(remedy.acl_id)
    if acl is None:
        return ()
    body = {remedy.direction.value: entries_with(acl, remedy)}
    return (ApiCall(method="PUT", path=f"/network-acls/{acl.id}/entries", body=body),)
