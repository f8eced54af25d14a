"""The rows of the troubleshooting table that apply to a question (PATH-3): what is wrong, where, and what would help.

Owns what is looked for beyond the blockers themselves: near misses among route entries, overlaps, the insides of guests, and which
way round it works.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from peerway.analysis.diagnosis.blockers import Blocked
from peerway.analysis.diagnosis.cases import Cause
from peerway.analysis.diagnosis.insides import capture_text, insides
from peerway.analysis.diagnosis.report import Blocker, Finding, FindingCode, Verdict, Way
from peerway.analysis.network import Network
from peerway.analysis.questions import Posed
from peerway.analysis.remedies import AddRoute
from peerway.analysis.telling import next_hop_of
from peerway.analysis.telling.links import link_called
from peerway.domain.guest import GuestView
from peerway.domain.path import Question
from peerway.domain.prefixes import first_overlap
from peerway.domain.route_table import RouteEntry
from peerway.domain.vpc import Vpc
from peerway.fabric.outcomes import Exchange


class Diagnosed(NamedTuple):
    """What is known of a question by the time that findings are made."""

    #: The network it is asked of.
    network: Network
    #: The question.
    question: Question
    #: As it was put.
    posed: Posed
    #: What became of it.
    exchange: Exchange
    #: What stops it.
    blocked: Blocked
    #: What comes of it.
    verdict: Verdict
    #: What comes of it the other way round.
    reverse: Verdict | None


def find(case: Diagnosed, guests: Mapping[str, GuestView]) -> tuple[Finding, ...]:
    """All rows that apply, each once, in the order of the packets' way."""
    found = [
        *of_blockers(case.network, case.blocked),
        *_overlaps(case),
        *_of_guests(case, guests),
        *_one_way(case),
    ]
    return tuple(dict.fromkeys(found))


def of_blockers(network: Network, blocked: Blocked) -> Iterator[Finding]:
    """What each blocker is a case of, and what was nearly right about a route."""
    for blocker, cause in blocked.found:
        if cause.code is None:
            continue
        yield _finding(blocker, cause)
        if isinstance(cause.remedy, AddRoute):
            yield from _near_misses(network, cause.remedy)


def _finding(blocker: Blocker, cause: Cause) -> Finding:
    owners = {blocker.owner_uid, *([blocker.hop.owner_uid] if blocker.hop is not None else [])}
    assert cause.code is not None  # noqa: S101 - the caller looks
    return Finding(
        code=cause.code,
        text=cause.text,
        subjects=cause.subjects,
        owner_uids=tuple(sorted(owners)),
        remedy=cause.remedy,
    )


def _near_misses(network: Network, wanted: AddRoute) -> Iterator[Finding]:
    """Entries over the same link that don't cover the address, and those that do and are in another table."""
    site = network.snapshot.site(wanted.router_id)
    bound = sorted(one.id for one in site.vswitches.values() if one.route_table_id == wanted.table_id)
    for entry in sorted(site.route_entries.values(), key=lambda one: one.id):
        if not _leads_over(network, entry, wanted):
            continue
        covers = wanted.destination.network_address in entry.destination
        if covers and entry.route_table_id != wanted.table_id:
            text = (
                f"entry {entry.id} leads {entry.destination} over {wanted.next_hop_id}, but it is in table "
                f"{entry.route_table_id}, and {', '.join(bound) or wanted.router_id} uses table {wanted.table_id}"
            )
            yield _about_entry(FindingCode.ROUTE_TABLE, text, entry, wanted)
        elif not covers and entry.route_table_id == wanted.table_id:
            text = (
                f"entry {entry.id} of table {wanted.table_id} leads {entry.destination} over {wanted.next_hop_id}: "
                f"that does not cover {wanted.destination.network_address}"
            )
            yield _about_entry(FindingCode.ROUTE_RANGE, text, entry, wanted)


def _leads_over(network: Network, entry: RouteEntry, wanted: AddRoute) -> bool:
    """Whether the entry leads over the link that the wanted one would lead over."""
    link = link_called(network, wanted.router_id, wanted.next_hop_id)
    called = (next_hop_of(entry) or "").split("+")
    return wanted.next_hop_id in called or (link is not None and link.id in called)


def _about_entry(code: FindingCode, text: str, entry: RouteEntry, wanted: AddRoute) -> Finding:
    subjects = (entry.route_table_id, entry.id)
    return Finding(code=code, text=text, subjects=subjects, owner_uids=(wanted.owner_uid,), remedy=wanted)


def _overlaps(case: Diagnosed) -> Iterator[Finding]:
    """Ranges that both networks have; what is in both is delivered at home."""
    homes = [case.network.router_of(id) for id in (case.posed.packet.sender, case.posed.receiver or "")]
    stored = [case.network.snapshot.site(home.id) for home in homes if home is not None]
    if len(stored) < 2 or stored[0] == stored[1]:
        return
    one, other = (site.router for site in stored)
    if not isinstance(one, Vpc) or not isinstance(other, Vpc):
        return
    common = first_overlap(one.prefixes, other.prefixes)
    if common is None:
        return
    switches = [
        [(one.id, prefix) for one in site.vswitches.values() for prefix in one.prefixes] for site in stored
    ]
    pairs = [
        f"{id} {prefix} and {other_id} {other_prefix}"
        for id, prefix in switches[0]
        for other_id, other_prefix in switches[1]
        if first_overlap((prefix,), (other_prefix,))
    ]
    free = "none of their VSwitches do, so that entries to VSwitches' ranges work"
    detail = f"VSwitches {'; '.join(pairs)} overlap" if pairs else free
    yield Finding(
        code=FindingCode.OVERLAP,
        text=f"{one.id} {common[0]} and {other.id} {common[1]} overlap: {detail}",
        subjects=(one.id, other.id),
        owner_uids=tuple(sorted({one.owner_uid, other.owner_uid})),
    )


def _of_guests(case: Diagnosed, guests: Mapping[str, GuestView]) -> Iterator[Finding]:
    """Guests that keep the packets to themselves, and those that nobody has looked into."""
    for inside in insides(case.network, case.posed, case.exchange):
        view = guests.get(inside.id)
        if view is None:
            text = f"what {inside.id} has inside (such as a Docker bridge with these addresses) is not known"
            yield Finding(
                code=FindingCode.GUEST_UNKNOWN,
                text=text,
                subjects=(inside.id,),
                owner_uids=(inside.owner_uid,),
            )
            continue
        text_or_none = capture_text(inside, view)
        if text_or_none is not None:
            yield Finding(
                code=FindingCode.GUEST_CLASH,
                text=text_or_none,
                subjects=(inside.id,),
                owner_uids=(inside.owner_uid,),
            )


def _one_way(case: Diagnosed) -> Iterator[Finding]:
    """Which of the two can reach the other, and which can't."""
    source, target = str(case.question.source), str(case.question.target)
    subjects = tuple(id for id in (case.question.source.id, case.question.target.id) if id is not None)
    if case.verdict is Verdict.ONE_WAY:
        yield Finding(
            code=FindingCode.ONE_WAY,
            text=f"what {source} sends gets to {target}, and the answers do not come back",
            subjects=subjects,
            owner_uids=_owners(case.blocked, Way.REPLY),
        )
    known = {case.reverse, case.verdict}.isdisjoint({None, Verdict.UNKNOWN})
    if not known or (case.reverse is Verdict.REACHABLE) is (case.verdict is Verdict.REACHABLE):
        return
    able, unable = (source, target) if case.verdict is Verdict.REACHABLE else (target, source)
    yield Finding(
        code=FindingCode.ONE_WAY,
        text=f"{able} can ask {unable} and gets answers; asked the other way round, it does not work",
        subjects=subjects,
        owner_uids=(),
    )


def _owners(blocked: Blocked, way: Way) -> tuple[str, ...]:
    """Accounts of what stops that packet."""
    return tuple(sorted({blocker.owner_uid for blocker in blocked.blockers if blocker.way is way}))
