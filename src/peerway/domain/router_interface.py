"""Router interfaces (EC-1 ... EC-7): one side of an Express-Connect link, the sizes it comes in, and what joins two of them.

Its life is the table in `lifecycle.router_interface`. Each side is an object of its own with its own owner; a pair that names each
other is one link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import Final

from peerway.domain.errors import InvalidInput
from peerway.domain.resource import Resource


class RouterType(StrEnum):
    """What a router interface is attached to."""

    #: The VRouter of a VPC.
    VROUTER = "vrouter"
    #: A virtual border router.
    VBR = "vbr"


class InterfaceRole(StrEnum):
    """Which side starts the connection; fixed when the interface is made, and of no matter to packets."""

    #: Connects, pays, and sets the cap.
    INITIATOR = "initiator"
    #: Waits for the other side.
    ACCEPTOR = "acceptor"


class InterfaceState(StrEnum):
    """States of a router interface."""

    #: Made, and joined to nothing.
    IDLE = "idle"
    #: The initiator, being joined.
    CONNECTING = "connecting"
    #: The acceptor, being joined.
    ACCEPTING_CONNECTING = "accepting_connecting"
    #: Being switched on.
    ACTIVATING = "activating"
    #: Carries packets while the other side is active, too.
    ACTIVE = "active"
    #: Its spec is being changed.
    MODIFYING = "modifying"
    #: Being switched off.
    DEACTIVATING = "deactivating"
    #: Joined and switched off.
    INACTIVE = "inactive"
    #: Being removed.
    DELETING = "deleting"


class InterfaceHealth(StrEnum):
    """What the health check of a router interface says."""

    #: There is no check, or no verdict yet.
    UNKNOWN = "unknown"
    #: Answers come.
    NORMAL = "normal"
    #: Answers stay out.
    ABNORMAL = "abnormal"


#: Cap in Mbit/s by spec. The seed's second figures (MB/s) times 8; Large.2 is 256 MB/s there (its hour and day figures would say
#: 250), so 2048 Mbit/s, not Alibaba's later 2000 (EC-6).
SPECS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "Small.1": 10,
        "Small.2": 20,
        "Small.5": 50,
        "Middle.1": 100,
        "Middle.2": 200,
        "Middle.5": 500,
        "Large.1": 1000,
        "Large.2": 2048,
    }
)

#: Spec of every acceptor: the initiator's counts.
NEGATIVE: Final = "Negative"

#: Spec of a link inside one region.
SAME_REGION_SPEC: Final = "Large.2"

#: Health check unless the user sets another: pause between probes, and how many in a row turn the verdict.
CHECK_INTERVAL_MS: Final = 100
CHECK_THRESHOLD: Final = 3

#: Pauses and numbers of probes that a user may set.
CHECK_INTERVALS_MS: Final = (20, 60_000)
CHECK_THRESHOLDS: Final = (1, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterInterface(Resource):
    """One side of a link between two routers."""

    #: Region of its router.
    region_id: str
    #: VPC or VBR that it is attached to (the router's id in routes and in the data plane).
    vpc_id: str
    #: Id of its router as users name it: `vrt-...` or `vbr-...`.
    router_id: str
    #: Kind of that router.
    router_type: RouterType
    #: Which side it is.
    role: InterfaceRole
    #: Display name.
    name: str = ""
    #: Free text.
    description: str = ""
    #: A key of `SPECS`, or `Negative` for an acceptor.
    spec: str
    #: Region of the other side.
    opposite_region_id: str
    #: Interface on the other side, as its owner told; None until set.
    opposite_interface_id: str | None = None
    #: Router of that interface, as users name it.
    opposite_router_id: str | None = None
    #: Kind of that router.
    opposite_router_type: RouterType = RouterType.VROUTER
    #: Account of that interface.
    opposite_owner_uid: str | None = None
    #: Whether that interface was deleted after the two had been joined; nothing passes then, and this one is only to be removed.
    opposite_deleted: bool = False
    #: Access point of the line when a VBR is on either side; None otherwise.
    access_point_id: str | None = None
    #: Where it is in its life.
    state: InterfaceState = InterfaceState.IDLE
    #: Since when it is in that state.
    state_since: datetime
    #: When it was joined; the same on both sides.
    connected_at: datetime | None = None
    #: Source of the health check's probes; None for the VBR's own address on the line.
    check_source: IPv4Address | None = None
    #: Target of the probes; None for the far gateway of the VBR's line.
    check_target: IPv4Address | None = None
    #: Pause between two probes.
    check_interval_ms: int = CHECK_INTERVAL_MS
    #: Probes in a row that turn the verdict.
    check_threshold: int = CHECK_THRESHOLD
    #: What the check said last.
    health: InterfaceHealth = InterfaceHealth.UNKNOWN
    #: Whether this side lets the other side's resolver answer for its names.
    names: bool = False
    #: Whether this side lets the other side's security rules name its groups.
    groups: bool = False
    #: Counts changes of what the data plane must do.
    generation: int = 1
    #: Generation the data plane has reached.
    observed_generation: int = 0

    @property
    def inside_region(self) -> bool:
        """Whether the other side is to be in the same region, too."""
        return self.region_id == self.opposite_region_id

    @property
    def link_id(self) -> str | None:
        """Id of the link that it is a side of: the initiator's; None while an acceptor names nobody."""
        return self.id if self.role is InterfaceRole.INITIATOR else self.opposite_interface_id


def cap_mbps(one: RouterInterface, other: RouterInterface | None) -> int | None:
    """Cap of the link each way: that of the initiator's spec (EC-6); None while an acceptor's other side is not known."""
    initiator = one if one.role is InterfaceRole.INITIATOR else other
    return None if initiator is None else SPECS.get(initiator.spec)


def choose_spec(role: InterfaceRole, asked: object, *, same_region: bool) -> str:
    """The spec that an interface gets (EC-6): what was asked, None for the only one there is; `InvalidInput` for any other."""
    if role is InterfaceRole.ACCEPTOR:
        if asked not in {None, NEGATIVE}:
            raise InvalidInput("spec", f"must be {NEGATIVE} for an acceptor", asked, code="spec_of_acceptor")
        return NEGATIVE
    if same_region:
        if asked not in {None, SAME_REGION_SPEC}:
            rule = f"must be {SAME_REGION_SPEC} inside one region"
            raise InvalidInput("spec", rule, asked, code="spec_inside_region")
        return SAME_REGION_SPEC
    if asked not in SPECS:
        raise InvalidInput("spec", f"must be one of {', '.join(SPECS)}", asked)
    return str(asked)


def check_role(role: InterfaceRole, router_type: RouterType, field: str = "role") -> None:
    """`InvalidInput` for a border router's interface that would accept (EC-7)."""
    if router_type is RouterType.VBR and role is InterfaceRole.ACCEPTOR:
        raise InvalidInput(
            field, "must be initiator for a border router's interface", role, code="vbr_accepts"
        )


def type_of_router(router_id: str | None) -> RouterType:
    """Kind of the router with that id."""
    return RouterType.VBR if router_id is not None and router_id.startswith("vbr-") else RouterType.VROUTER


def joined(one: RouterInterface | None, other: RouterInterface | None) -> bool:
    """Whether two interfaces name each other, owner and router included."""
    return one is not None and other is not None and _names(one, other) and _names(other, one)


def _names(one: RouterInterface, other: RouterInterface) -> bool:
    named = (one.opposite_interface_id, one.opposite_router_id, one.opposite_owner_uid)
    return named == (other.id, other.router_id, other.owner_uid)
