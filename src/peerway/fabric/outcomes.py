"""How packets end, and what was looked at on their way: the closed sets that every reader of the fabric speaks in.

Owns the names and the shapes of an answer. How an answer is found is `fabric.walk`'s business.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from peerway.fabric.packets import Connection, Packet


class Outcome(StrEnum):
    """How a walk ends."""

    #: The instance that has the destination address got the packet.
    DELIVERED = "delivered"
    #: A self-built gateway got it for a foreign address; what its guest does with it, the fabric doesn't know.
    HANDED_TO_ENDPOINT = "handed_to_endpoint"
    #: It left the network by an uplink; what happens to it outside, the fabric doesn't know.
    LEFT = "left"
    #: The VPC's name server got it.
    HANDED_TO_RESOLVER = "handed_to_resolver"
    #: A security group dropped it.
    DROPPED_BY_POLICY = "dropped_by_policy"
    #: A network ACL dropped it.
    DROPPED_BY_ACL = "dropped_by_acl"
    #: No entry matches the destination.
    NO_ROUTE = "no_route"
    #: The longest match drops: a blackhole, the service range, or a next hop that is not there.
    BLACKHOLE = "blackhole"
    #: The longest match leads to a link or, with address translation, out of the network, and the packet came by a link or from
    #: outside (PEER-7).
    TRANSIT = "transit"
    #: The link, or every one of several, is down.
    LINK_DOWN = "link_down"
    #: The uplink is down, or doesn't speak the packet's IP version.
    UPLINK_DOWN = "uplink_down"
    #: Address translation has no entry for it: nothing passes such an uplink untranslated.
    NO_TRANSLATION = "no_translation"
    #: A service has no instance to answer for it.
    NO_BACKEND = "no_backend"
    #: A service's instance asked that service and was chosen to answer itself; no guest takes packets from its own address.
    HAIRPIN = "hairpin"
    #: The destination is in a VSwitch's range, and no instance has it.
    NO_SUCH_ADDRESS = "no_such_address"
    #: The source address is not the sender's own, and the sender is no gateway.
    SPOOFED = "spoofed"
    #: The next hop is an instance that is no gateway, and the destination is not its own.
    NOT_A_GATEWAY = "not_a_gateway"


class Check(StrEnum):
    """What is looked at on the way."""

    #: The uplink by which it comes in or leaves.
    UPLINK = "uplink"
    #: The uplink's translation of destinations, for packets from outside.
    DESTINATION_NAT = "destination_nat"
    #: The service that the destination is, where the packet enters a router.
    SERVICE = "service"
    #: The source address, against the sender's own.
    SOURCE = "source"
    #: The security policy of the interface it leaves.
    EGRESS_POLICY = "egress_policy"
    #: The exit of endpoints with a public address, which comes before every table (NET-10).
    EXIT = "exit"
    #: The table of the subnet it comes from, or of the uplink.
    ROUTE = "route"
    #: The ACL of the subnet it leaves.
    EGRESS_ACL = "egress_acl"
    #: The link.
    LINK = "link"
    #: The table for packets that come by a link, or by an uplink without a table of its own.
    INBOUND_ROUTE = "inbound_route"
    #: The uplink's translation of sources, for packets that leave.
    SOURCE_NAT = "source_nat"
    #: The ACL of the subnet it enters.
    INGRESS_ACL = "ingress_acl"
    #: The security policy of the interface it reaches.
    INGRESS_POLICY = "ingress_policy"
    #: What it reaches: an instance, the resolver, the world outside.
    DELIVERY = "delivery"


#: Outcomes of packets that some instance got.
GOT = frozenset({Outcome.DELIVERED, Outcome.HANDED_TO_ENDPOINT})


class Step(NamedTuple):
    """One check on the way."""

    #: Router it happens at.
    router_id: str
    #: What is looked at.
    check: Check
    #: Id of what is looked at: the instance, policy, ACL, table, service, link or uplink; several links are joined with `+`.
    subject: str
    #: Id of what decides: `Rule.source`, `FibEntry.source`, the translation's `decided_by`, the instance that a service chose, the
    #: link that several spread to; None when nothing matched and the default decides.
    source: str | None = None
    #: How the walk ends here; None when the packet goes on.
    outcome: Outcome | None = None


class Walk(NamedTuple):
    """The whole way of one packet."""

    #: Its checks in order; the last one has the outcome.
    steps: tuple[Step, ...]
    #: The packet at the end of its way, with the addresses and ports that it has there.
    packet: Packet
    #: What the routers on its way remember of it afterwards.
    connections: frozenset[Connection]

    @property
    def outcome(self) -> Outcome:
        """How it ends."""
        outcome = self.steps[-1].outcome
        assert outcome is not None  # noqa: S101 - `walk` makes it so
        return outcome

    @property
    def receiver(self) -> str | None:
        """The instance that got the packet, if one did."""
        return self.steps[-1].subject if self.outcome in GOT else None

    @property
    def left_by(self) -> str | None:
        """The uplink by which it left the network, if it did."""
        return self.steps[-1].subject if self.outcome is Outcome.LEFT else None

    def __str__(self) -> str:
        """The outcome and what decided it, for people."""
        last = self.steps[-1]
        by = f" by {last.source}" if last.source else ""
        return f"{self.outcome.value} at {last.subject}{by} (router {last.router_id})"


class Exchange(NamedTuple):
    """A request and, when somebody got the request, the reply to it."""

    #: The way there.
    request: Walk
    #: The way back; None when there is nothing to reply to, and for the resolver's reply, which nothing stops.
    reply: Walk | None
    #: Whether the reply reaches the one that asked, as a reply to what it asked.
    answered: bool

    def __str__(self) -> str:
        """What decided, for people."""
        return f"request {self.request}" if self.reply is None else f"reply {self.reply}"
