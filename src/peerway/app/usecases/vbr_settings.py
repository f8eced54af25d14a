"""What a virtual border router has on its line: VLAN, gateways and port, and who may change which of them (EC-9, EC-10)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Interface

from peerway.app.store import Reader, where
from peerway.app.usecases.access import existing
from peerway.app.usecases.fields import TEXTS, UNSET, Unset, given
from peerway.domain.account import Caller
from peerway.domain.errors import AlreadyExists, Conflict, Forbidden, InUse, InvalidInput
from peerway.domain.line import HIGHEST_VLAN, PhysicalConnection, VirtualBorderRouter
from peerway.domain.port import Port, check_transfer4, check_transfer6, parse_port
from peerway.domain.prefixes import contains
from peerway.domain.route_table import NextHop, RouteEntry
from peerway.domain.text import check_name, check_number


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateVbr:
    """Change a border router: texts and gateways are its owner's, VLAN and circuit the line owner's business."""

    #: The router.
    id: str
    #: New name.
    name: str | Unset = UNSET
    #: New description.
    description: str | Unset = UNSET
    #: New address of its own.
    local_gateway: str | Unset = UNSET
    #: New address of the customer's router.
    peer_gateway: str | Unset = UNSET
    #: New IPv6 address of its own; None for no IPv6.
    local_gateway6: str | Unset | None = UNSET
    #: New IPv6 address of the customer's router; None for no IPv6.
    peer_gateway6: str | Unset | None = UNSET
    #: New VLAN.
    vlan: int | Unset = UNSET
    #: New number of the circuit.
    circuit_code: str | Unset = UNSET


def free_vlan(tx: Reader, line_id: str, asked: object) -> int:
    """A VLAN that no border router of the line has."""
    vlan = check_number(asked, "vlan", 0, HIGHEST_VLAN)
    if tx.count(VirtualBorderRouter, where("line_id", line_id), where("vlan", vlan)):
        raise AlreadyExists(f"VLAN {vlan} of line {line_id} is taken", code="vlan_taken", field="vlan")
    return vlan


def pair6(local: str | None, peer: str | None) -> tuple[IPv6Interface, IPv6Address] | tuple[None, None]:
    """Both IPv6 gateways, or none."""
    if local is None and peer is None:
        return None, None
    if local is None or peer is None:
        field = "local_gateway6" if local is None else "peer_gateway6"
        raise InvalidInput(field, "must be given when the other IPv6 gateway is")
    return check_transfer6(local, peer)


def line_of(tx: Reader, vbr: VirtualBorderRouter) -> PhysicalConnection:
    """The line that the border router is on."""
    return existing(tx, PhysicalConnection, vbr.line_id)


def line_port(line: PhysicalConnection, vlan: int) -> Port:
    """The line's port, with the packets of one VLAN."""
    kind, name = parse_port(line.port)
    return Port(kind, name, vlan)


def not_owner(vbr: VirtualBorderRouter) -> Forbidden:
    """What the line's owner is told about a border router of another account."""
    text = f"only the account that has VBR {vbr.id} may do this"
    return Forbidden(text, code="not_vbr_owner", id=vbr.id)


def _change_line_side(
    tx: Reader, caller: Caller, vbr: VirtualBorderRouter, request: UpdateVbr
) -> VirtualBorderRouter:
    """VLAN and circuit code: of the line, so its owner's to change."""
    if request.vlan is UNSET and request.circuit_code is UNSET:
        return vbr
    if caller.uid != vbr.line_owner_uid:
        text = f"only the account that has line {vbr.line_id} may change VLAN and circuit code"
        raise Forbidden(text, code="not_line_owner", id=vbr.id)
    vbr = replace(vbr, **given(request, circuit_code=check_name))
    if request.vlan is not UNSET and request.vlan != vbr.vlan:
        vlan = free_vlan(tx, vbr.line_id, request.vlan)
        on_line = line_port(line_of(tx, vbr), vbr.vlan) == vbr.port
        port = replace(vbr.port, vlan=vlan) if on_line else vbr.port
        vbr = replace(vbr, vlan=vlan, port=port)
    return vbr


def _change_own_side(
    tx: Reader, caller: Caller, vbr: VirtualBorderRouter, request: UpdateVbr
) -> VirtualBorderRouter:
    """Texts and gateways: the owner's to change."""
    gateways = (request.local_gateway, request.peer_gateway, request.local_gateway6, request.peer_gateway6)
    if all(value is UNSET for value in (request.name, request.description, *gateways)):
        return vbr
    if caller.uid != vbr.owner_uid:
        raise not_owner(vbr)
    vbr = replace(vbr, **given(request, **TEXTS))
    if all(value is UNSET for value in gateways):
        return vbr
    changed = _change_gateways(vbr, request)
    _check_routes(tx, changed)
    return changed


def _change_gateways(vbr: VirtualBorderRouter, request: UpdateVbr) -> VirtualBorderRouter:
    """Its gateways with those that the request names."""
    local = str(vbr.local_gateway) if request.local_gateway is UNSET else request.local_gateway
    peer = str(vbr.peer_gateway) if request.peer_gateway is UNSET else request.peer_gateway
    local6 = _text(vbr.local_gateway6) if request.local_gateway6 is UNSET else request.local_gateway6
    peer6 = _text(vbr.peer_gateway6) if request.peer_gateway6 is UNSET else request.peer_gateway6
    new_local, new_peer = check_transfer4(local, peer)
    new_local6, new_peer6 = pair6(local6, peer6)
    return replace(
        vbr,
        local_gateway=new_local,
        peer_gateway=new_peer,
        local_gateway6=new_local6,
        peer_gateway6=new_peer6,
    )


def _check_routes(tx: Reader, vbr: VirtualBorderRouter) -> None:
    """The new transfer networks claim no range that an entry has, and IPv6 stays while entries need it."""
    for entry in tx.select(RouteEntry, where("route_table_id", vbr.route_table_id)):
        for network in vbr.transfer_networks:
            if contains(network, entry.destination):
                text = f"route entry {entry.id} to {entry.destination} is in the way of {network}"
                raise Conflict(text, code="route_in_the_way", id=entry.id)
        needs6 = entry.next_hop is NextHop.LINE and entry.destination.version == 6
        if needs6 and vbr.local_gateway6 is None:
            raise InUse("vbr", vbr.id, "route_entry", entry.id)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def change_vbr(
    tx: Reader, caller: Caller, before: VirtualBorderRouter, request: UpdateVbr
) -> VirtualBorderRouter:
    """The border router with what the request names, once the caller is known to be one who may change that."""
    return _change_own_side(tx, caller, _change_line_side(tx, caller, before, request), request)


def in_dataplane(vbr: VirtualBorderRouter) -> tuple[object, ...]:
    """What of it the data plane has to know."""
    return (vbr.local_gateway, vbr.peer_gateway, vbr.local_gateway6, vbr.peer_gateway6, vbr.port)
