"""What a user sets at a router interface, read and checked: its router, the other side, and the health check.

Reads only. Owns no state move; those are in `router_interfaces`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from ipaddress import IPv4Address
from typing import Any, Final, Protocol, Self

from peerway.app.store import Reader, where
from peerway.app.usecases.access import own
from peerway.app.usecases.fields import UNSET, Unset
from peerway.app.usecases.vpcs import usable_vpc
from peerway.domain.account import Caller
from peerway.domain.errors import IllegalState, InvalidInput, NotFound
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.domain.prefixes import parse_address
from peerway.domain.router_interface import (
    CHECK_INTERVAL_MS,
    CHECK_INTERVALS_MS,
    CHECK_THRESHOLD,
    CHECK_THRESHOLDS,
    InterfaceRole,
    RouterInterface,
    RouterType,
    type_of_router,
)
from peerway.domain.text import check_number
from peerway.domain.vpc import Vpc

#: What an id looks like, and an account's number.
REFERENCE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

#: States of a border router in which it gets interfaces.
VBR_TAKES: Final = frozenset({VbrState.CREATING, VbrState.ACTIVE})


@dataclass(frozen=True, slots=True)
class RouterPlace:
    """A router that an interface can be attached to."""

    #: As users name it: `vrt-...` or `vbr-...`.
    id: str
    #: VPC or VBR: its id in the data plane.
    home_id: str
    #: Kind.
    type: RouterType
    #: Region.
    region_id: str
    #: Access point of a border router's line; None for a VPC's router.
    access_point_id: str | None


class AskedOpposite(Protocol):
    """The part of a request that names the other side."""

    @property
    def opposite_interface_id(self) -> str | Unset | None:
        """Interface."""

    @property
    def opposite_router_id(self) -> str | Unset | None:
        """Its router."""

    @property
    def opposite_owner_uid(self) -> str | Unset | None:
        """Its account."""


class AskedCheck(Protocol):
    """The part of a request that sets the health check."""

    @property
    def check_source(self) -> str | Unset | None:
        """Source of the probes."""

    @property
    def check_target(self) -> str | Unset | None:
        """Their target."""

    @property
    def check_interval_ms(self) -> int | Unset:
        """Pause between two."""

    @property
    def check_threshold(self) -> int | Unset:
        """How many in a row turn the verdict."""


class Part:
    """Some of an interface's fields."""

    __slots__ = ()

    @classmethod
    def of(cls, interface: RouterInterface) -> Self:
        """The interface's own."""
        return cls(**{name: getattr(interface, name) for name in cls.names()})

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Which fields."""
        return tuple(field.name for field in fields(cls))  # type: ignore[arg-type]  # its kinds are dataclasses

    def fields(self) -> dict[str, Any]:
        """By name, for `replace`."""
        return {name: getattr(self, name) for name in self.names()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opposite(Part):
    """The other side as the interface's owner tells it."""

    #: Interface.
    opposite_interface_id: str | None = None
    #: Its router.
    opposite_router_id: str | None = None
    #: Kind of that router.
    opposite_router_type: RouterType = RouterType.VROUTER
    #: Its account.
    opposite_owner_uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Part):
    """The health check of an interface."""

    #: Source of the probes.
    check_source: IPv4Address | None = None
    #: Their target.
    check_target: IPv4Address | None = None
    #: Pause between two.
    check_interval_ms: int = CHECK_INTERVAL_MS
    #: How many in a row turn the verdict.
    check_threshold: int = CHECK_THRESHOLD


def find_router(tx: Reader, caller: Caller, id: object) -> RouterPlace:
    """The caller's own router, by its id or its VPC's; `Conflict` when it is on its way out."""
    if isinstance(id, str) and type_of_router(id) is RouterType.VBR:
        vbr = own(tx, caller, VirtualBorderRouter, id, "router_id")
        if vbr.state not in VBR_TAKES:
            raise IllegalState("vbr", vbr.id, vbr.state.value, "use")
        return RouterPlace(vbr.id, vbr.id, RouterType.VBR, vbr.region_id, vbr.access_point_id)
    vpc_id = _vpc_of_router(tx, caller, id) if isinstance(id, str) else None
    if vpc_id is None:
        raise NotFound("router", str(id)[:64], field="router_id")
    vpc = usable_vpc(tx, caller, vpc_id, "router_id")
    return RouterPlace(vpc.router_id, vpc.id, RouterType.VROUTER, vpc.region_id, None)


def choose_opposite(
    tx: Reader, caller: Caller, role: InterfaceRole, before: Opposite, request: AskedOpposite
) -> Opposite:
    """The other side as the request leaves it; what it does not tell of an own interface is looked up (EC-3)."""
    interface_id = _reference(request.opposite_interface_id, before.opposite_interface_id, "interface_id")
    router_id = _reference(request.opposite_router_id, before.opposite_router_id, "router_id")
    uid = _reference(request.opposite_owner_uid, before.opposite_owner_uid, "owner_uid")
    if router_id is not None and router_id.startswith("vpc-"):
        router_id = own(tx, caller, Vpc, router_id, "opposite_router_id").router_id
    found = (
        None
        if interface_id in {None, before.opposite_interface_id}
        else _own_interface(tx, caller, interface_id)
    )
    if found is not None:
        router_id = found.router_id if _is_silent(request.opposite_router_id) else router_id
        uid = caller.uid if _is_silent(request.opposite_owner_uid) else uid
    kind = type_of_router(router_id)
    if kind is RouterType.VBR and role is InterfaceRole.INITIATOR:
        rule = "must not be a border router: its interfaces never accept"
        raise InvalidInput("opposite_router_id", rule, router_id, code="vbr_accepts")
    return Opposite(
        opposite_interface_id=interface_id,
        opposite_router_id=router_id,
        opposite_router_type=kind,
        opposite_owner_uid=uid,
    )


def choose_check(before: Check, request: AskedCheck) -> Check:
    """The health check as the request leaves it."""
    interval = before.check_interval_ms if request.check_interval_ms is UNSET else request.check_interval_ms
    threshold = before.check_threshold if request.check_threshold is UNSET else request.check_threshold
    return Check(
        check_source=_address(request.check_source, before.check_source, "check_source"),
        check_target=_address(request.check_target, before.check_target, "check_target"),
        check_interval_ms=check_number(interval, "check_interval_ms", *CHECK_INTERVALS_MS),
        check_threshold=check_number(threshold, "check_threshold", *CHECK_THRESHOLDS),
    )


def _vpc_of_router(tx: Reader, caller: Caller, id: str) -> str | None:
    if id.startswith("vpc-"):
        return id
    found = tx.select(Vpc, where("router_id", id), where("owner_uid", caller.uid), limit=1)
    return found[0].id if found else None


def _own_interface(tx: Reader, caller: Caller, id: str | None) -> RouterInterface | None:
    found = None if id is None else tx.get(RouterInterface, id)
    return found if found is not None and found.owner_uid == caller.uid else None


def _is_silent(asked: object) -> bool:
    return asked is UNSET or asked is None


def _reference(asked: str | Unset | None, before: str | None, name: str) -> str | None:
    if isinstance(asked, Unset):
        return before
    if asked is not None and not REFERENCE.fullmatch(str(asked)):
        raise InvalidInput(
            f"opposite_{name}", "must be an id of up to 64 letters, digits, dots, - and _", asked
        )
    return asked


def _address(asked: str | Unset | None, before: IPv4Address | None, field: str) -> IPv4Address | None:
    if isinstance(asked, Unset):
        return before
    if asked is None:
        return None
    address = parse_address(asked, field)
    special = address.is_multicast or address.is_loopback or address.is_unspecified or address.is_reserved
    if not isinstance(address, IPv4Address) or special:
        raise InvalidInput(field, "must be the IPv4 address of one host", asked)
    return address
