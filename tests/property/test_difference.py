"""What a change changes equals the answers before and after, pair by pair."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.builders.topology import Topology
from tests.builders.wide import FAR, RESOLVER, wide_topologies
from tests.builders.wide_edits import wide_edits

from peerway.analysis.difference import Difference, Gap, difference
from peerway.analysis.network import Network
from peerway.analysis.symbolic import Asking
from peerway.analysis.symbolic.atoms import SIX, place
from peerway.analysis.symbolic.grounds import Atlas
from peerway.analysis.symbolic.spaces import EMPTY, Space
from peerway.domain.errors import NotFound
from peerway.domain.prefixes import parse_address

#: Addresses that nobody has, mostly.
ELSEWHERE = [place(parse_address(text, "address")) for text in (*FAR, RESOLVER, "10.0.1.200", "fd00::77")]

NO_GAP = Gap(EMPTY, EMPTY, EMPTY, EMPTY)


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


def answers(asking: Asking, sender_id: str, source: int, target: int) -> tuple[Space, Space]:
    """What is answered and what arrives in one network."""
    asking.fresh()
    try:
        found = asking.reach(sender_id, source, target)
    except NotFound:
        return EMPTY, EMPTY
    return found.answered, found.arrives


def gaps(found: Difference, sender_id: str, source: int, target: int) -> Iterator[Gap]:
    """What the difference says of one pair."""
    for change in found.changes:
        ours = any(each.id == sender_id and each.span[0] <= source <= each.span[1] for each in change.sources)
        if ours and any(each.span[0] <= target <= each.span[1] for each in change.targets):
            yield change.gap


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
    for sender_id, source in senders((before, after)):
        for target in targets((before, after)):
            mirrored = source == target and not sender_id.startswith(("i-", "db-"))
            if (source < SIX) is (target < SIX) and not mirrored:
                was, is_now = (answers(each, sender_id, source, target) for each in (old, new))
                expected = Gap(is_now[0] - was[0], was[0] - is_now[0], is_now[1] - was[1], was[1] - is_now[1])
                told = list(gaps(found, sender_id, source, target)) or [NO_GAP]
                assert told == [expected], (sender_id, source, target)
