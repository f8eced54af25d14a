"""The filters that packets meet: security policies of interfaces and ACLs of subnets.

Owns who is asked what; what a filter lets pass, `permits` knows. A filter splits a set into what passes and what doesn't.
"""

from __future__ import annotations

from peerway.analysis.symbolic.grounds import Ground
from peerway.analysis.symbolic.parts import ASKED, Part
from peerway.analysis.symbolic.trips import Trip
from peerway.fabric.model import Endpoint, Policy, Subnet
from peerway.fabric.outcomes import Check, Outcome


def ask_security(trip: Trip, check: Check, ground: Ground, endpoint: Endpoint, part: Part) -> Part | None:
    """The security policy of an interface; it lets pass what belongs to a connection that the router remembers."""
    if endpoint.policy_id is None or part.onward is not None:
        return part
    policy = ground.router.policies[endpoint.policy_id]
    return _ask(trip, check, ground, policy, part, Outcome.DROPPED_BY_POLICY)


def ask_acl(trip: Trip, check: Check, ground: Ground, subnet: Subnet, part: Part) -> Part | None:
    """The ACL of a subnet, if it has one."""
    if subnet.acl_id is None:
        return part
    return _ask(trip, check, ground, ground.router.acls[subnet.acl_id], part, Outcome.DROPPED_BY_ACL)


def _ask(trip: Trip, check: Check, ground: Ground, policy: Policy, part: Part, drop: Outcome) -> Part | None:
    """What passes a filter of the policy; the rest ends here."""
    entering = check is Check.INGRESS_ACL or check is Check.INGRESS_POLICY
    permits = ground.permits(policy.ingress if entering else policy.egress)
    remote = part.flow.source if entering else part.flow.destination
    trip.notes.consulted.append((permits, remote))
    permit = permits.at(remote)
    port = None if part.flow.port == ASKED else part.flow.port
    passing = part.asked & (permit.allowed if port is None else permit.at(port))
    if passing == part.asked:
        return part
    for space, source in permit.source_of(port, part.asked - passing):
        trip.end(ground, part._replace(asked=space), check, policy.id, source, drop)
    return part._replace(asked=passing) if passing else None
