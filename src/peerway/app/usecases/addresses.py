"""IPv4 addresses of a VSwitch: instances, load balancers and databases draw from one lot."""

from __future__ import annotations

from ipaddress import IPv4Address

from peerway.app.store import Reader, where
from peerway.domain.errors import AlreadyExists, Conflict
from peerway.domain.service import Database, LoadBalancer
from peerway.domain.vpc import Instance, VSwitch, check_ipv4, free_ipv4, reserved_addresses


def choose_ipv4(tx: Reader, vswitch: VSwitch, text: str | None, field: str) -> IPv4Address:
    """The address that was asked for, or the first that is free."""
    taken = taken_addresses(tx, vswitch.id)
    if text is not None:
        address = check_ipv4(text, vswitch, field)
        if address in taken:
            raise AlreadyExists(f"address {address} is taken", code="address_taken", field=field)
        return address
    free = free_ipv4(vswitch, taken)
    if free is None:
        raise Conflict("no address is free in the VSwitch", code="addresses_used_up", field="vswitch_id")
    return free


def count_addresses(tx: Reader, vswitch: VSwitch) -> tuple[int, int]:
    """How many addresses of the VSwitch are free, and how many can be used at all."""
    here = where("vswitch_id", vswitch.id)
    usable = vswitch.cidr.num_addresses - len(reserved_addresses(vswitch.cidr))
    return usable - sum(tx.count(kind, here) for kind in (Instance, LoadBalancer, Database)), usable


def taken_addresses(tx: Reader, vswitch_id: str) -> set[IPv4Address]:
    """Addresses of the VSwitch that somebody has."""
    here = where("vswitch_id", vswitch_id)
    return {
        *(instance.ipv4 for instance in tx.select(Instance, here)),
        *(balancer.address for balancer in tx.select(LoadBalancer, here)),
        *(database.address for database in tx.select(Database, here)),
    }
