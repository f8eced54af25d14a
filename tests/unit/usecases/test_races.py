"""Many callers at once: exactly one wins, and limits hold."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.builders.estate import HANGZHOU

from peerway.app.usecases.line_steps import AllocateLine, ApproveLine, allocate_line, approve_line
from peerway.app.usecases.lines import ApplyForLine, apply_for_line
from peerway.app.usecases.peerings import (
    AcceptPeering,
    DeletePeering,
    RejectPeering,
    accept_peering,
    create_peering,
    delete_peering,
    reject_peering,
)
from peerway.app.usecases.quotas import GrantQuota, grant_quota
from peerway.app.usecases.router_interfaces import (
    ConnectRouterInterface,
    CreateRouterInterface,
    connect_router_interface,
    create_router_interface,
)
from peerway.app.usecases.vbrs import CreateVbr, create_vbr
from peerway.domain.errors import AlreadyExists, IllegalState, PeerwayError, QuotaExceeded
from peerway.domain.line import PhysicalConnection, VirtualBorderRouter
from peerway.domain.peering import Peering, PeeringState
from peerway.domain.router_interface import RouterInterface


def outcomes(estate, calls):
    """What each of the calls, all made at once, leads to."""

    def attempt(call):
        try:
            return estate.do(*call)
        except PeerwayError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(attempt, calls))


@pytest.mark.parametrize("round_", range(3))
def test_one_of_many_answers_wins(estate, alice, bob, round_):
    """PEER-2: accept and reject at once, several times each: one moves the request, the others are conflicts."""
    peering = estate.ask_for(alice, estate.vpc(alice), estate.vpc(bob, "10.1.0.0/16"))
    calls = [
        (accept_peering, bob, AcceptPeering(id=peering.id)),
        (reject_peering, bob, RejectPeering(id=peering.id)),
    ] * 4
    results = outcomes(estate, calls)
    winners = [result for result in results if isinstance(result, Peering)]
    assert len(winners) == 1
    assert sum(isinstance(result, IllegalState) for result in results) == len(calls) - 1
    assert estate.get(Peering, peering.id).state is winners[0].state


def test_one_of_many_deletions_wins(estate, alice, bob):
    """PEER-4: both sides delete at once."""
    peering = estate.ask_for(alice, estate.vpc(alice), estate.vpc(bob, "10.1.0.0/16"))
    results = outcomes(
        estate, [(delete_peering, who, DeletePeering(id=peering.id)) for who in (alice, bob) * 3]
    )
    assert [r.state for r in results if isinstance(r, Peering)] == [PeeringState.DELETING]
    assert sum(isinstance(r, IllegalState) for r in results) == 5


def test_pair_is_joined_once(estate, alice, bob):
    """PEER-1: both accounts ask at once, again and again."""
    one, other = estate.vpc(alice), estate.vpc(bob, "10.1.0.0/16")
    calls = [
        (create_peering, alice, estate.request(one, other)),
        (create_peering, bob, estate.request(other, one)),
    ] * 4
    results = outcomes(estate, calls)
    assert sum(isinstance(r, Peering) for r in results) == 1
    assert sum(isinstance(r, AlreadyExists) for r in results) == len(calls) - 1


def test_quota_is_not_overshot(estate, alice):
    """PEER-12: never overshot under concurrent calls."""
    request = GrantQuota(uid=alice.uid, name="peerings_per_vpc", limit=3)
    estate.do(grant_quota, estate.operator, request)
    hub = estate.vpc(alice)
    spokes = [estate.vpc(alice, f"10.{n}.0.0/16") for n in range(1, 9)]
    results = outcomes(estate, [(create_peering, alice, estate.request(hub, spoke)) for spoke in spokes])
    assert sum(isinstance(r, Peering) for r in results) == 3
    assert sum(isinstance(r, QuotaExceeded) for r in results) == 5


def test_third_line_and_border_router_never_get_through(estate, alice):
    """EC-8, EC-9: two lines an access point and two idle border routers, however many ask at once."""
    request = ApplyForLine(access_point_id=HANGZHOU, line_operator="CT")
    results = outcomes(estate, [(apply_for_line, alice, request)] * 8)
    assert sum(isinstance(r, PhysicalConnection) for r in results) == 2
    assert sum(isinstance(r, QuotaExceeded) for r in results) == 6
    line = estate.line(alice, "ap-cn-hangzhou-xs-B")
    gateways = {"local_gateway": "10.255.0.1/30", "peer_gateway": "10.255.0.2"}
    requests = [CreateVbr(line_id=line.id, vlan=vlan, **gateways) for vlan in (7, 7, 7, 8, 9, 10)]
    results = outcomes(estate, [(create_vbr, alice, one) for one in requests])
    assert sum(isinstance(r, VirtualBorderRouter) for r in results) == 2
    assert all(isinstance(r, VirtualBorderRouter | AlreadyExists | QuotaExceeded) for r in results)


def test_vlan_and_port_are_given_once(estate, alice, bob):
    """EC-8, EC-9: one VLAN of one line, and one port of the host, asked for by many at once."""
    line = estate.line(alice)
    request = CreateVbr(line_id=line.id, vlan=7, local_gateway="10.255.0.1/30", peer_gateway="10.255.0.2")
    results = outcomes(estate, [(create_vbr, alice, request)] * 6)
    assert sum(isinstance(r, VirtualBorderRouter) for r in results) == 1
    assert sum(isinstance(r, AlreadyExists) for r in results) == 5
    waiting = [estate.applied_line(caller) for caller in (alice, bob, bob)]
    for one in waiting:
        estate.do(approve_line, estate.operator, ApproveLine(id=one.id, room="1", contact="Li"))
    calls = [
        (allocate_line, estate.operator, AllocateLine(id=one.id, port="interface:eth8")) for one in waiting
    ]
    results = outcomes(estate, calls)
    assert sum(isinstance(r, PhysicalConnection) for r in results) == 1
    assert sum(isinstance(r, AlreadyExists) for r in results) == 2


def test_routers_are_joined_once(estate, alice, bob):
    """EC-7: two pairs between the same routers connect at once, from both sides, again and again: one is joined."""
    ends = estate.vpc(alice), estate.vpc(bob, "10.1.0.0/16")
    sides = estate.face((alice, bob), ends), estate.face((bob, alice), ends[::-1])
    calls = [
        (connect_router_interface, caller, ConnectRouterInterface(id=initiator.id))
        for caller, (initiator, _) in zip((alice, bob), sides, strict=True)
    ] * 4
    results = outcomes(estate, calls)
    assert sum(isinstance(r, RouterInterface) for r in results) == 1
    assert sum(isinstance(r, AlreadyExists | IllegalState) for r in results) == len(calls) - 1
    states = sorted(i.state.value for i in estate.all(RouterInterface))
    assert states == ["accepting_connecting", "connecting", "idle", "idle"]


def test_quota_of_interfaces_is_not_overshot(estate, alice):
    """EC-7: never more than five, however many ask at once."""
    router = estate.vpc(alice).id
    request = CreateRouterInterface(router_id=router, role="acceptor")
    results = outcomes(estate, [(create_router_interface, alice, request)] * 8)
    assert sum(isinstance(r, RouterInterface) for r in results) == 5
    assert sum(isinstance(r, QuotaExceeded) for r in results) == 3
