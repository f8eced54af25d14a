"""What a change changes equals the answers before and after, pair by pair."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.builders.topology import Topology
from tests.builders.wide import FAR, RESOLVER, wide_topologies
from tests.builders.wide_edits import wide_edits

from peerway.analysis.difference import Difference, Gap, difference
from peerway.analysis.network import Network
from peerway.analysis.places.atoms import SIX, place
from peerway.analysis.symbolic import ARRIVED, Asking, Reach
from peerway.analysis.symbolic.grounds import Atlas
from peerway.analysis.symbolic.spaces import EMPTY, Space
from peerway.domain.errors import NotFound
from peerway.domain.prefixes import parse_address
from peerway.fabric.outcomes import GOT

#: Addresses that nobody has, mostly.
ELSEWHERE = [place(parse_address(text, "address")) for text in (*FAR, RESOLVER, "10.0.1.200", "fd00::77")]

#: Stands for whoever gets it.
ANYBODY = "anybody"


def senders(networks: tuple[Network, Network]) -> set[tuple[str, int]]:
    """Everybody who may ask, with each source address."""
    found = set()
    for network in networks:
        for router in network.fabric.routers.values():
            for endpoint in router.endpoints.values():
                found |= {(endpoint.id, place(address)) for address in endpoint.addresses}
            found |= {(id, number) for id in router.uplinks for number in ELSEWHERE}
    return found


def targets(networks: tuple[Network, Network]) -> set[int]:
    """Every address that means something, and some that don't."""
    found = set(ELSEWHERE)
    for network in networks:
        for router in network.fabric.routers.values():
            endpoints = router.endpoints.values()
            found |= {place(address) for endpoint in endpoints for address in endpoint.addresses}
            found |= {place(service.address) for service in router.services.values()}
            for uplink in router.uplinks.values():
                found |= {place(each) for each in uplink.translation.public} if uplink.translation else set()
    return found


def answers(asking: Asking, sender_id: str, source: int, target: int) -> Reach:
    """What comes of all that may be asked in one network."""
    asking.notes.fresh()
    try:
        return asking.reach(sender_id, source, target)
    except NotFound:
        return Reach({}, chosen=False)


def expected_gaps(old: Reach, new: Reach) -> dict[str, Gap]:
    """What differs for each who is in the network; of ways out, and where a hash decides, for anybody."""
    chosen = old.chosen or new.chosen
    parts: dict[str, list[Space]] = {}
    for each, at in ((old, 0), (new, 2)):
        for fate, space in each.fates.items():
            if fate.request.outcome in ARRIVED:
                who = fate.request.subject if fate.request.outcome in GOT and not chosen else ANYBODY
                found = parts.setdefault(who, [EMPTY] * 4)
                found[at] |= space if fate.answered else EMPTY
                found[at + 1] |= space
    gaps = {
        who: Gap(back_now - back, back - back_now, there_now - there, there - there_now)
        for who, (back, there, back_now, there_now) in parts.items()
    }
    return {who: gap for who, gap in gaps.items() if gap}


def told_gaps(found: Difference, sender_id: str, source: int, target: int, known: set[str]) -> dict[str, Gap]:
    """What the difference says of one pair, by who gets it; nothing is told twice."""
    told: dict[str, Gap] = {}
    for change in found.changes:
        ours = any(each.id == sender_id and each.span[0] <= source <= each.span[1] for each in change.sources)
        for each in change.targets if ours else ():
            if each.span[0] <= target <= each.span[1]:
                who = each.ids[0] if not change.chosen and each.ids[0] in known else ANYBODY
                assert who not in told
                told[who] = change.gap
    return told


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_difference_equals_all_pairs(data):
    """After any edits, exactly the pairs whose answers differ are told, each once and with its sets (issue 4, item 5)."""
    topology: Topology = data.draw(wide_topologies())
    before = Network.of(topology.snapshot())
    made = data.draw(wide_edits(topology))
    after = before.after(topology.revision, made.upserts, made.removals)
    found = difference(before, after)
    assert found.complete
    event(f"changes: {min(len(found.changes), 3)}")
    old, new = Asking(Atlas(before)), Asking(Atlas(after))
    routers = (router for each in (before, after) for router in each.fabric.routers.values())
    inside = {id for router in routers for id in router.endpoints}
    for sender_id, source in senders((before, after)):
        for target in targets((before, after)):
            mirrored = source == target and not sender_id.startswith(("i-", "db-"))
            if (source < SIX) is (target < SIX) and not mirrored:
                was, is_now = (answers(each, sender_id, source, target) for each in (old, new))
                told = told_gaps(found, sender_id, source, target, inside)
                assert told == expected_gaps(was, is_now), (sender_id, source, target)


def test_packets_that_somebody_else_gets_are_told():
    """An entry led over another link, to a network with the same range: one loses what the other gains (issue 4, item 5)."""
    net = Topology()
    asker = net.vpc("10.1.0.0/16")
    one = net.instance(net.vswitch(asker, "10.1.1.0/24"))
    far = [net.vpc("10.2.0.0/16") for _ in range(2)]
    others = [net.instance(net.vswitch(vpc, "10.2.1.0/24")) for vpc in far]
    links = [net.peering(asker, vpc) for vpc in far]
    for vpc, link in zip(far, links, strict=True):
        net.route(vpc, "10.1.0.0/16", link)
    entry = net.route(asker, "10.2.0.0/16", links[0])
    before = Network.of(net.snapshot())
    moved = replace(entry, next_hop_id=links[1].id)
    found = difference(before, before.after(before.revision + 1, [moved], []))
    ours = [change for change in found.changes if one.id in {each.id for each in change.sources}]
    got = {id: change.gap for change in ours for each in change.targets for id in each.ids}
    lost, gained = (got.pop(other.id) for other in others)
    assert not got
    assert (str(lost.lost), str(lost.gained)) == ("everything", "nothing")
    assert (str(gained.lost), str(gained.gained)) == ("nothing", "everything")
