"""The commands that make a remedy's change, as a user types them.

Owns the words only. Whether a remedy may be made, and what it comes to, is the use cases' business.
"""

from __future__ import annotations

import shlex
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
from peerway.domain.route_table import NextHop
from peerway.domain.security import Protocol
from peerway.fabric.snapshot import Snapshot

#: Shell variable that holds the id of a peer connection that an earlier command makes.
PEERING: Final = "PEERING"

#: Shell variable that holds the id of a security group that an earlier command makes.
GROUP: Final = "GROUP"

#: What a route entry's next hop is called among the command's options; those that name nothing take no value.
HOPS: Final[Mapping[NextHop, str]] = {
    NextHop.PEERING: "--peering",
    NextHop.INSTANCE: "--instance",
    NextHop.ROUTER_INTERFACE: "--via",
    NextHop.NAT_GATEWAY: "--nat",
    NextHop.IPV4_GATEWAY: "--ipv4gw",
    NextHop.LINE: "--line",
    NextHop.BLACKHOLE: "--blackhole",
}


def commands_of(remedy: Remedy, snapshot: Snapshot) -> tuple[str, ...]:
    """The commands, in order; of an id that an earlier one makes there is a shell variable."""
    return WORDS[type(remedy)](remedy, snapshot)


def change_of(remedy: Remedy) -> str:
    """What kind of change it is, for programs."""
    name = type(remedy).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")


def _typed(*words: object) -> str:
    return shlex.join(["peerway", *map(str, words)])


def _create_peering(remedy: CreatePeering, _: Snapshot) -> tuple[str, ...]:
    words = ["peering", "create", "--vpc", remedy.vpc_id, "--peer-vpc", remedy.peer_vpc_id]
    words += ["--peer-uid", remedy.peer_uid, "--peer-region", remedy.peer_region_id]
    return (f"{PEERING}=$({_typed(*words, '--wait', '--output', 'id')})",)


def _peering(verb: str) -> Callable[[Any, Snapshot], tuple[str, ...]]:
    def words(remedy: EnablePeering | AcceptPeering, _: Snapshot) -> tuple[str, ...]:
        # What follows may need the link to carry.
        return (f"peerway peering {verb} {_peering_id(remedy.peering_id)} --wait",)

    return words


def _peering_id(id: str) -> str:
    return f'"${PEERING}"' if id == NEW_PEERING else shlex.quote(id)


def _add_route(remedy: AddRoute, _: Snapshot) -> tuple[str, ...]:
    option = HOPS[remedy.next_hop]
    start = f"peerway route add {remedy.table_id} {remedy.destination} {option}"
    if remedy.next_hop in {NextHop.LINE, NextHop.BLACKHOLE}:
        return (start,)
    return (f"{start} {_peering_id(remedy.next_hop_id)}",)


def _rule(remedy: AllowInGroup | AllowByNewGroup) -> tuple[object, ...]:
    ports = ("--port", _ports(remedy.port_low, remedy.port_high)) if _has_ports(remedy) else ()
    rule = ("--direction", remedy.direction.value, "--protocol", remedy.protocol.value, *ports)
    return (*rule, "--cidr", remedy.remote, "--priority", remedy.priority)


def _has_ports(remedy: AllowInGroup | AllowByNewGroup | InsertAclEntry) -> bool:
    every = (remedy.port_low, remedy.port_high) == (0, 65535)
    return remedy.protocol in {Protocol.TCP, Protocol.UDP} and not every


def _ports(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def _allow_in_group(remedy: AllowInGroup, _: Snapshot) -> tuple[str, ...]:
    return (_typed("sg", "rule", "add", remedy.group_id, *_rule(remedy)),)


def _allow_by_new_group(remedy: AllowByNewGroup, snapshot: Snapshot) -> tuple[str, ...]:
    """A group of its own, the rule in it, and the instance in it beside the groups that it has."""
    instance = snapshot.site(remedy.vpc_id).instances.get(remedy.instance_id)
    groups = instance.security_group_ids if instance is not None else ()
    joined = " ".join(f"--sg {group}" for group in groups)
    name = f"for {remedy.instance_id}"
    options = ("--name", name, "--no-inner-access", "--output", "id")
    made = _typed("sg", "create", "--vpc", remedy.vpc_id, *options)
    rule = " ".join(map(str, _rule(remedy)))
    join = f"peerway instance update {remedy.instance_id} {joined}".rstrip()
    return (f"{GROUP}=$({made})", f'peerway sg rule add "${GROUP}" {rule}', f'{join} --sg "${GROUP}"')


def _insert_acl_entry(remedy: InsertAclEntry, _: Snapshot) -> tuple[str, ...]:
    ports = _ports(remedy.port_low, remedy.port_high) if _has_ports(remedy) else "-"
    entry = f"accept {remedy.protocol.value} {ports} {remedy.remote}"
    where = ("--direction", remedy.direction.value, "--position", remedy.position)
    return (_typed("acl", "insert", remedy.acl_id, entry, *where),)


def _enable_ipv4_gateway(remedy: EnableIpv4Gateway, _: Snapshot) -> tuple[str, ...]:
    if remedy.gateway_id is None:
        return (_typed("ipv4gw", "create", "--vpc", remedy.vpc_id, "--enabled"),)
    return (_typed("ipv4gw", "update", remedy.gateway_id, "--enable"),)


def _one(*words: str, of: tuple[str, ...]) -> Callable[[Any, Snapshot], tuple[str, ...]]:
    """A single command: words, and values of the remedy."""
    return lambda remedy, _: (_typed(*words, *(getattr(remedy, name) for name in of)),)


#: The commands of each kind of remedy.
WORDS: Final[Mapping[type[Remedy], Callable[[Any, Snapshot], tuple[str, ...]]]] = {
    CreatePeering: _create_peering,
    EnablePeering: _peering("enable"),
    AcceptPeering: _peering("accept"),
    ConnectInterface: _one("ri", "connect", "--wait", of=("interface_id",)),
    ActivateInterface: _one("ri", "activate", "--wait", of=("interface_id",)),
    RecoverVbr: _one("vbr", "recover", "--wait", of=("vbr_id",)),
    RemoveRoute: _one("route", "delete", of=("entry_id",)),
    AddRoute: _add_route,
    AllowInGroup: _allow_in_group,
    AllowByNewGroup: _allow_by_new_group,
    InsertAclEntry: _insert_acl_entry,
    AddToWhitelist: _one("database", "allow", of=("database_id", "remote")),
    LetForward: lambda remedy, _: (
        _typed("instance", "update", remedy.instance_id, "--no-source-dest-check"),
    ),
    EnableIpv4Gateway: _enable_ipv4_gateway,
    AddSourceNat: lambda remedy, _: (
        _typed("nat", "snat", "add", remedy.gateway_id, "--source", remedy.source, "--public", remedy.public),
    ),
}
