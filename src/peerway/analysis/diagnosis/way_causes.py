"""What leads a packet to its target that went astray: no entry, a wrong one, one that may not be used, an overlap (PATH-3).

Owns which entry is to be written where. Entries are for one address; what the router delivers by itself can't be overruled (NET-5).
"""

from __future__ import annotations

from dataclasses import replace

from peerway.analysis.diagnosis.assumptions import host, lead
from peerway.analysis.diagnosis.cases import Case, Cause
from peerway.analysis.diagnosis.link_causes import link_cause, no_link_cause
from peerway.analysis.diagnosis.report import FindingCode
from peerway.analysis.outside import way_in
from peerway.analysis.remedies import AddRoute, EnableIpv4Gateway, LetForward, RemoveRoute
from peerway.analysis.telling import next_hop_of
from peerway.analysis.telling.links import AnyLink, link_called, links_between
from peerway.domain.prefixes import Address
from peerway.domain.route_table import NextHop, RouteEntry
from peerway.domain.vpc import Instance
from peerway.fabric.decisions import longest_match
from peerway.fabric.model import FibEntry, Router
from peerway.fabric.outcomes import Check, Outcome

#: Checks in which a table is asked.
TABLES = (Check.ROUTE, Check.INBOUND_ROUTE)


def way_cause(case: Case) -> Cause:
    """The packet did not get on, or got to somebody else."""
    if case.hop.outcome is Outcome.HANDED_TO_ENDPOINT:
        return _final(case, case.hop.text, "the network does not see what the guest does")
    to = case.goal.router_id
    if (
        case.hop.outcome is Outcome.LEFT
        and case.goal.holder is None
        and way_in(case.network, case.start.destination)
    ):
        return _own_address(case)
    if to is None:
        return _final(case, case.hop.text, f"nothing is known that has the address {case.packet.destination}")
    uplink = case.goal.holder in case.network.fabric.routers[to].uplinks
    if case.hop.router_id == to:
        return _out(case, case.router) if uplink else _at_home(case)
    if case.origin.id == to:
        return _out(case, case.origin) if uplink else _at_home(case)
    return _across(case, to)


def _own_address(case: Case) -> Cause:
    """Out of the network, towards an address that is its own: it may come back in, or not."""
    address = case.start.destination
    text = (
        f"it leaves by {case.hop.subject} towards {address}, which is a public address of this network; "
        f"what comes of it at the outside is not followed here"
    )
    return _final(case, text, f"ask for what {address} stands for by its id")


def _at_home(case: Case) -> Cause:
    """At the target's own router, and not to the target."""
    address = case.packet.destination
    if case.hop.outcome is Outcome.DELIVERED:
        text = f"{case.hop.subject} gets it, as it has {address}, too"
        return _final(case, text, "two have the address", FindingCode.OVERLAP)
    resting = next(
        (one for one in case.site.instances.values() if one.stopped and address in one.addresses), None
    )
    if resting is not None:
        return stopped_cause(resting)
    return _final(case, case.hop.text, f"nobody there has {address}, or answers at the port")


def stopped_cause(instance: Instance) -> Cause:
    """The instance is not on the network; it is its owner's to start, and nothing that opens a way."""
    return Cause(
        code=FindingCode.INSTANCE_STOPPED,
        text=f"{instance.id} is stopped",
        owner_uid=instance.owner_uid,
        subjects=(instance.id,),
        why_none=f"it has to be started: peerway instance start {instance.id}",
        starts=instance,
    )


def _out(case: Case, router: Router) -> Cause:
    """At the router with the way out, and not out by it: an entry for the address that leads there."""
    step = next(
        step
        for step in reversed(case.walk.steps)
        if step.router_id == router.id and step.check in {*TABLES, Check.EXIT, Check.UPLINK, Check.DELIVERY}
    )
    site, id = case.network.snapshot.site(router.id), case.goal.holder or ""
    asked = [one for one in case.walk.steps if one.router_id == router.id and one.check in TABLES]
    kind = NextHop.LINE if id == router.id and not site.vswitches else None
    kind = NextHop.NAT_GATEWAY if id in site.nat_gateways else kind
    kind = NextHop.IPV4_GATEWAY if id in site.ipv4_gateways else kind
    if kind is None or not asked:
        why = f"what leaves by {id} is not decided by a table (router {step.router_id})"
        return _final(case, case.hop.text, why)
    table_id, address = asked[-1].subject, case.packet.destination
    entry = _matching(router, table_id, address)
    if entry is not None and entry.prefix == host(address) and entry.source in site.route_entries:
        return _remove(case, router, site.route_entries[entry.source])
    if entry is not None and entry.source not in site.route_entries:
        return _final(case, case.hop.text, f"{router.id} delivers {entry.prefix} itself", FindingCode.OVERLAP)
    off = _switched_off(case, router, table_id, address)
    if off is not None and off.destination == host(address):
        return _remove(case, router, off)
    remedy = AddRoute(
        owner_uid=case.owner_of(router.id),
        router_id=router.id,
        table_id=table_id,
        destination=host(address),
        next_hop=kind,
        next_hop_id=id,
    )
    return Cause(
        code=FindingCode.ROUTE_MISSING,
        text=case.hop.text,
        owner_uid=remedy.owner_uid,
        subjects=(table_id,),
        remedy=remedy,
    )


def _across(case: Case, to: str) -> Cause:
    """From another router: over a link that joins the two, by an entry at the router that sends."""
    if case.step(Check.EXIT) is not None:
        return _exit_cause(case)
    asked = case.step(*TABLES)
    if asked is None or asked.check is Check.INBOUND_ROUTE:
        return _final(case, case.hop.text, "what comes from outside is not led on over a link (no transit)")
    return _lead_over(case, asked.subject, to)


def _lead_over(case: Case, table_id: str, to: str) -> Cause:
    """An entry at the router that sends, or what keeps the one that there is from leading there."""
    origin, site = case.origin, case.network.snapshot.site(case.origin.id)
    address = _address_at_origin(case)
    links = links_between(case.network, origin.id, to)
    entry = _matching(origin, table_id, address)
    if entry is None:
        return _onto(case, table_id, to, None)
    stored = site.route_entries.get(entry.source)
    if stored is None:
        return _overlap(case, table_id, address, entry, links)
    used = _used(case, stored, links)
    if used is not None and not used.carries and used == links[0]:
        return link_cause(case, used)
    if entry.prefix == host(address):
        return _remove(case, origin, stored)
    return _onto(case, table_id, to, stored)


def _onto(case: Case, table_id: str, to: str, stored: RouteEntry | None) -> Cause:
    """Onto the best link, when there is one; `stored` is the entry that leads elsewhere."""
    links = links_between(case.network, case.origin.id, to)
    if not links:
        return _nowhere(case, to)
    if not links[0].carries and (cause := link_cause(case, links[0])).remedy is not None:
        # A route can be led over a link that carries only.
        return cause
    return _route(case, table_id, _address_at_origin(case), links[0], stored)


def _used(case: Case, entry: RouteEntry, links: list[AnyLink]) -> AnyLink | None:
    """The link to the target that the entry leads over, if it does."""
    called = {link_called(case.network, case.origin.id, id) for id in (next_hop_of(entry) or "").split("+")}
    ids = {link.id for link in called if link is not None}
    return next((link for link in links if link.id in ids), None)


def _route(case: Case, table_id: str, address: Address, link: AnyLink, stored: RouteEntry | None) -> Cause:
    """An entry for the one address over the link."""
    hop = link.hop_from(case.origin.id)
    assert hop is not None  # noqa: S101 - the link joins this router
    off = _switched_off(case, case.origin, table_id, address)
    if off is not None and off.destination == host(address):
        return _remove(case, case.origin, off)
    remedy = AddRoute(
        owner_uid=case.owner_of(case.origin.id),
        router_id=case.origin.id,
        table_id=table_id,
        destination=host(address),
        next_hop=hop[0],
        next_hop_id=hop[1],
    )
    text = f"table {table_id} has no entry for {address}"
    if off is not None:
        text = f"{text}: {off.id} to {off.destination} is switched off"
    if stored is not None:
        target = next_hop_of(stored) or "nowhere"
        text = f"entry {stored.id} of table {table_id} leads {stored.destination} to {target}, which is not where {address} is"
    code = FindingCode.ROUTE_MISSING if stored is None else FindingCode.ROUTE_ELSEWHERE
    subjects = (table_id,) if stored is None else (table_id, stored.id)
    return Cause(code=code, text=text, owner_uid=remedy.owner_uid, subjects=subjects, remedy=remedy)


def _switched_off(case: Case, router: Router, table_id: str, address: Address) -> RouteEntry | None:
    """The longest of the table's entries for the address that are switched off."""
    entries = case.network.snapshot.site(router.id).route_entries.values()
    off = [
        entry
        for entry in entries
        if entry.route_table_id == table_id and not entry.enabled and address in entry.destination
    ]
    return max(off, key=lambda entry: entry.destination.prefixlen, default=None)


def _remove(case: Case, router: Router, entry: RouteEntry) -> Cause:
    """An entry for exactly this address leads elsewhere: no other is more specific."""
    owner = case.owner_of(router.id)
    table_id = entry.route_table_id
    return Cause(
        code=FindingCode.ROUTE_ELSEWHERE,
        text=f"entry {entry.id} of table {table_id} leads {entry.destination} to {next_hop_of(entry) or 'nowhere'}"
        if entry.enabled
        else f"entry {entry.id} of table {table_id} to {entry.destination} is switched off",
        owner_uid=owner,
        subjects=(table_id, entry.id),
        remedy=RemoveRoute(
            owner_uid=owner, entry_id=entry.id, table_id=table_id, destination=entry.destination
        ),
    )


def _overlap(case: Case, table_id: str, address: Address, entry: FibEntry, links: list[AnyLink]) -> Cause:
    """The router delivers the range itself: no entry takes packets away from it."""
    joined = [link for link in links if link.id in case.network.fabric.links]
    text = f"{address} is in {entry.prefix} ({entry.source}), which {case.origin.id} delivers itself: no entry overrules that"
    why = "the system route wins: one of the two has to move to a range that does not overlap"
    cause = _final(case, text, why, FindingCode.OVERLAP)
    assume = lead(case.origin.id, table_id, address, joined[0].id) if joined else None
    return replace(cause, subjects=(case.origin.id, entry.source), assume=assume)


def _nowhere(case: Case, to: str) -> Cause:
    """No link leads to the target."""
    if case.hop.outcome is Outcome.NOT_A_GATEWAY and case.hop.subject in case.site.instances:
        owner = case.site.instances[case.hop.subject].owner_uid
        return Cause(
            code=FindingCode.ROUTE_ELSEWHERE,
            text=case.hop.text,
            owner_uid=owner,
            subjects=(case.hop.subject,),
            remedy=LetForward(owner_uid=owner, instance_id=case.hop.subject),
        )
    return no_link_cause(case, to)


def _exit_cause(case: Case) -> Cause:
    """It counts as public and leaves by the public address (NET-10)."""
    vpc_id, site = case.origin.id, case.network.snapshot.site(case.origin.id)
    owner = case.owner_of(vpc_id)
    gateway_id = min(site.ipv4_gateways, default=None)
    text = (
        f"{case.packet.destination} is outside RFC 1918, so that it counts as public: as {case.start.sender} has a public "
        f"address, the packet leaves by the internet, whatever the route tables say"
    )
    return Cause(
        code=FindingCode.PUBLIC_RANGE,
        text=text,
        owner_uid=owner,
        subjects=(vpc_id, case.start.sender),
        remedy=EnableIpv4Gateway(owner_uid=owner, vpc_id=vpc_id, gateway_id=gateway_id),
    )


def _address_at_origin(case: Case) -> Address:
    """The destination when the sender's router looked it up."""
    changed = [
        step
        for step in case.walk.steps
        if step.router_id == case.origin.id and step.check in {Check.SERVICE, Check.DESTINATION_NAT}
    ]
    return case.packet.destination if changed else case.start.destination


def _matching(router: Router, table_id: str, address: Address) -> FibEntry | None:
    fib = router.fibs.get(table_id, router.inbound)
    return longest_match(fib, address)


def _final(case: Case, text: str, why: str, code: FindingCode | None = None) -> Cause:
    """Nothing lifts it and nothing is known to come behind it."""
    return Cause(
        code=code, text=text, owner_uid=case.hop.owner_uid, subjects=(case.hop.subject,), why_none=why
    )
