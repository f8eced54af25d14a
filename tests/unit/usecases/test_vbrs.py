"""Virtual border routers through the use cases: made, confirmed, changed, switched off and on, removed."""

from dataclasses import replace

import pytest

from peerway.app.usecases.line_steps import LineRequest, terminate_line
from peerway.app.usecases.quotas import GrantQuota, grant_quota
from peerway.app.usecases.route_entries import CreateRouteEntry, create_route_entry, list_entries
from peerway.app.usecases.settle import settle_vbr
from peerway.app.usecases.vbrs import (
    CreateVbr,
    MoveVbr,
    UpdateVbr,
    VbrRequest,
    confirm_vbr,
    create_vbr,
    delete_vbr,
    get_vbr,
    list_vbrs,
    move_vbr,
    recover_vbr,
    terminate_vbr,
    update_vbr,
    vbr_actions,
)
from peerway.domain.account import Caller, Role
from peerway.domain.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    IllegalState,
    InUse,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from peerway.domain.lifecycle.vbr import VBR, VbrEvent
from peerway.domain.line import VbrState, VirtualBorderRouter
from peerway.domain.port import Port, PortKind
from peerway.domain.route_table import RouteEntry, RouteTable, TableKind

#: What raises each event, with a request for it.
VERBS = {
    VbrEvent.CONFIRM: (confirm_vbr, lambda id: VbrRequest(id=id)),
    VbrEvent.MODIFY: (
        update_vbr,
        lambda id: UpdateVbr(id=id, peer_gateway="10.255.0.1", local_gateway="10.255.0.2/30"),
    ),
    VbrEvent.TERMINATE: (terminate_vbr, lambda id: VbrRequest(id=id)),
    VbrEvent.RECOVER: (recover_vbr, lambda id: VbrRequest(id=id)),
    VbrEvent.DELETE: (delete_vbr, lambda id: VbrRequest(id=id)),
}


def get(estate, vbr):
    """The border router as it is stored."""
    return estate.get(VirtualBorderRouter, vbr.id)


@pytest.fixture
def line(estate, alice):
    """An enabled line of alice's."""
    return estate.line(alice)


@pytest.fixture
def vbr(estate, alice, line):
    """An active border router on it."""
    made = estate.vbr(alice, line)
    estate.settle()
    return get(estate, made)


@pytest.fixture
def offered(estate, alice, bob, line):
    """A border router that alice made for bob, who has not confirmed it."""
    return estate.vbr(alice, line, owner_uid=bob.uid)


def vbr_in(estate, partner, customer, line, state):
    """A border router for the customer that has come to that state."""
    made = estate.vbr(partner, line, owner_uid=customer.uid)
    id = made.id
    steps = {
        VbrState.UNCONFIRMED: (),
        VbrState.CREATING: (confirm_vbr,),
        VbrState.ACTIVE: (confirm_vbr, None),
        VbrState.TERMINATING: (confirm_vbr, None, terminate_vbr),
        VbrState.TERMINATED: (confirm_vbr, None, terminate_vbr, None),
        VbrState.RECOVERING: (confirm_vbr, None, terminate_vbr, None, recover_vbr),
        VbrState.DELETING: (delete_vbr,),
    }
    for step in steps[state]:
        if step is None:
            estate.settle()
        else:
            estate.do(step, customer, VbrRequest(id=id))
    found = get(estate, made)
    assert found.state is state
    return found


@pytest.mark.parametrize("event", VERBS, ids=str)
@pytest.mark.parametrize("state", VbrState, ids=str)
def test_cell(estate, alice, bob, line, state, event):
    """EC-9, EC-10: every state and operation by the owner: done as the table says, or refused and nothing changed."""
    vbr = vbr_in(estate, alice, bob, line, state)
    verb, request = VERBS[event]
    if event in VBR.events(state):
        assert event in vbr_actions(bob, vbr)
        assert estate.do(verb, bob, request(vbr.id)).state is VBR.moves[state, event][0]
        return
    assert event not in vbr_actions(bob, vbr)
    error = estate.refused(IllegalState, verb, bob, request(vbr.id))
    assert (error.data["state"], error.data["event"]) == (state.value, event.value)


@pytest.mark.parametrize("event", VERBS, ids=str)
def test_only_its_owner_changes_it(estate, alice, bob, carol, line, event):
    """EC-10: the partner sees the customer's border router and is told that it isn't its own; others find nothing."""
    *_, state = (start for start, allowed in VBR.moves if allowed is event)
    vbr = vbr_in(estate, alice, bob, line, state)
    verb, request = VERBS[event]
    assert estate.refused(Forbidden, verb, alice, request(vbr.id)).code == "not_vbr_owner"
    for stranger in (carol, estate.operator):
        estate.refused(NotFound, verb, stranger, request(vbr.id))
    reader = Caller(bob.uid, Role.READER, "key")
    assert estate.refused(Forbidden, verb, reader, request(vbr.id)).code == "read_only"
    assert vbr_actions(reader, vbr) == []


def test_own_border_router_is_made(estate, alice, line, vbr):
    """EC-9: its VLAN, gateways and table; the data plane's word makes it active at its generation."""
    assert (vbr.state, vbr.observed_generation) == (VbrState.ACTIVE, vbr.generation)
    assert (vbr.region_id, vbr.access_point_id, vbr.owner_uid) == (
        line.region_id,
        line.access_point_id,
        alice.uid,
    )
    assert vbr.port == Port(PortKind.INTERFACE, "eth1", 100)
    table = estate.get(RouteTable, vbr.route_table_id)
    assert (table.vpc_id, table.kind, table.owner_uid) == (vbr.id, TableKind.SYSTEM, alice.uid)


def test_partners_border_router_waits_for_its_owner(estate, alice, bob, carol, offered):
    """EC-10: both accounts see it; the customer confirms it and has it from then on."""
    assert (offered.state, offered.owner_uid, offered.line_owner_uid) == ("unconfirmed", bob.uid, alice.uid)
    for caller in (alice, bob):
        assert estate.ask(list_vbrs, caller).items == (offered,)
        assert estate.ask(get_vbr, caller, offered.id) == offered
    assert estate.ask(list_vbrs, carol).items == ()
    with pytest.raises(NotFound):
        estate.ask(get_vbr, carol, offered.id)
    assert estate.ask(list_entries, bob, offered.route_table_id)
    with pytest.raises(NotFound):
        estate.ask(list_entries, alice, offered.route_table_id)
    estate.do(confirm_vbr, bob, VbrRequest(id=offered.id))
    estate.settle()
    assert get(estate, offered).state is VbrState.ACTIVE


def test_partner_takes_back_what_nobody_confirmed(estate, alice, bob, offered):
    """EC-10: until it is confirmed the partner may remove it, later only its owner."""
    assert VbrEvent.DELETE in vbr_actions(alice, offered)
    estate.do(delete_vbr, alice, VbrRequest(id=offered.id))
    estate.settle()
    assert (estate.all(VirtualBorderRouter), estate.all(RouteTable)) == ([], [])


@pytest.mark.parametrize(
    ("fields", "error", "field", "code"),
    [
        ({"vlan": -1}, InvalidInput, "vlan", "invalid"),
        ({"vlan": 3000}, InvalidInput, "vlan", "invalid"),
        ({"vlan": "7"}, InvalidInput, "vlan", "invalid"),
        ({"vlan": None}, InvalidInput, "vlan", "invalid"),
        ({"vlan": 100}, AlreadyExists, "vlan", "vlan_taken"),
        ({"local_gateway": "10.255.0.0/30"}, InvalidInput, "local_gateway", "invalid"),
        ({"peer_gateway": "10.255.0.1"}, InvalidInput, "peer_gateway", "invalid"),
        ({"peer_gateway": "10.255.1.2"}, InvalidInput, "peer_gateway", "invalid"),
        ({"local_gateway6": "fd00:ff::1/64"}, InvalidInput, "peer_gateway6", "invalid"),
        ({"peer_gateway6": "fd00:ff::2"}, InvalidInput, "local_gateway6", "invalid"),
        ({"owner_uid": "1999999999999999"}, NotFound, "owner_uid", "not_found"),
        ({"line_id": "pc-missing"}, NotFound, "line_id", "not_found"),
        ({"name": "x" * 129}, InvalidInput, "name", "invalid"),
    ],
)
def test_bad_border_router_is_refused(estate, alice, line, vbr, fields, error, field, code):
    """EC-9: VLAN taken or out of range, gateways that don't fit, unknown account: field and rule, nothing changes."""
    request = {
        "line_id": line.id,
        "vlan": 101,
        "local_gateway": "10.255.0.1/30",
        "peer_gateway": "10.255.0.2",
    }
    caught = estate.refused(error, create_vbr, alice, CreateVbr(**{**request, **fields}))
    assert (caught.data["field"], caught.code) == (field, code)


def test_line_must_be_enabled_and_ones_own(estate, alice, bob, line):
    """EC-9: no border router on a line that is not in use yet, nor on another tenant's."""
    young = estate.applied_line(alice)
    gateways = {"local_gateway": "10.255.0.1/30", "peer_gateway": "10.255.0.2"}
    error = estate.refused(IllegalState, create_vbr, alice, CreateVbr(line_id=young.id, vlan=1, **gateways))
    assert error.data["state"] == "initial"
    request = CreateVbr(line_id=line.id, vlan=1, **gateways)
    assert estate.refused(NotFound, create_vbr, bob, request).data["field"] == "line_id"


def test_vlan_is_unique_on_its_line_only(estate, alice, line, vbr):
    """EC-9: another line may use the tag; 0 is for untagged packets."""
    other = estate.line(alice)
    assert estate.vbr(alice, other, vbr.vlan).vlan == vbr.vlan
    grant = GrantQuota(uid=alice.uid, name="idle_vbrs_per_account", limit=10)
    estate.do(grant_quota, estate.operator, grant)
    assert estate.vbr(alice, line, 0).port.vlan == 0


def test_third_idle_border_router_is_refused(estate, alice, bob, line):
    """EC-9: two an account without an interface; one with an interface does not count, one offered counts for its maker."""
    vpc = estate.vpc(alice, region_id="cn-beijing")
    first = estate.vbr(alice, line, 1)
    estate.vbr(alice, line, 2)
    request = CreateVbr(line_id=line.id, vlan=3, local_gateway="10.255.0.1/30", peer_gateway="10.255.0.2")
    error = estate.refused(QuotaExceeded, create_vbr, alice, request)
    assert (error.data["quota"], error.data["limit"]) == ("idle_vbrs_per_account", 2)
    estate.settle()
    estate.interface(alice, first.id, "initiator", vpc.region_id, spec="Small.1")
    offered = estate.vbr(alice, line, 3, owner_uid=bob.uid)
    estate.refused(QuotaExceeded, create_vbr, alice, replace(request, vlan=4))
    estate.do(confirm_vbr, bob, VbrRequest(id=offered.id))
    estate.vbr(alice, line, 4)


def test_customer_has_a_limit_of_its_own(estate, alice, bob, line):
    """EC-9, EC-10: the third that bob would confirm is refused."""
    made = []
    for vlan in range(3):
        made.append(estate.vbr(alice, line, vlan, owner_uid=bob.uid))
        if vlan < 2:
            estate.do(confirm_vbr, bob, VbrRequest(id=made[-1].id))
    estate.refused(QuotaExceeded, confirm_vbr, bob, VbrRequest(id=made[-1].id))


def test_line_carries_fifty(estate, alice, line):
    """EC-9: not one more than 50 on a line."""
    estate.do(grant_quota, estate.operator, GrantQuota(uid=alice.uid, name="idle_vbrs_per_account", limit=99))
    for vlan in range(50):
        estate.vbr(alice, line, vlan)
    request = CreateVbr(line_id=line.id, vlan=50, local_gateway="10.255.0.1/30", peer_gateway="10.255.0.2")
    error = estate.refused(QuotaExceeded, create_vbr, alice, request)
    assert (error.data["quota"], error.data["limit"]) == ("vbrs_per_line", 50)


def test_border_router_with_an_interface_stays(estate, alice, vbr):
    """EC-9: delete with dependents is refused and names what is there."""
    interface = estate.interface(alice, vbr.id, "initiator", "cn-beijing", spec="Small.1")
    error = estate.refused(InUse, delete_vbr, alice, VbrRequest(id=vbr.id))
    assert (error.data["by"], error.data["by_id"]) == ("router_interface", interface.id)


def test_table_and_routes_go_with_it(estate, alice, line, vbr):
    """EC-9: removed together, once the data plane has let go of it; then the line may end."""
    request = CreateRouteEntry(
        route_table_id=vbr.route_table_id, destination="192.168.0.0/16", next_hop="line"
    )
    estate.do(create_route_entry, alice, request)
    estate.do(delete_vbr, alice, VbrRequest(id=vbr.id))
    estate.refused(InUse, terminate_line, alice, LineRequest(id=line.id))
    estate.settle()
    for kind in (VirtualBorderRouter, RouteTable, RouteEntry):
        assert estate.all(kind) == []
    estate.do(terminate_line, alice, LineRequest(id=line.id))


def test_changes_of_the_data_plane_count_up(estate, alice, vbr):
    """EC-9: texts leave the generation alone; gateways and VLAN make a new one, that is settled without a new state."""
    named = estate.do(update_vbr, alice, UpdateVbr(id=vbr.id, name="n", description="d", circuit_code="c"))
    assert (named.name, named.description, named.circuit_code) == ("n", "d", "c")
    assert named.generation == vbr.generation
    request = UpdateVbr(id=vbr.id, vlan=7, local_gateway6="fd00:ff::1/64", peer_gateway6="fd00:ff::2")
    moved = estate.do(update_vbr, alice, request)
    assert (moved.vlan, moved.port.vlan, str(moved.peer_gateway6)) == (7, 7, "fd00:ff::2")
    assert (moved.state, moved.generation) == (VbrState.ACTIVE, vbr.generation + 1)
    assert estate.do(update_vbr, alice, request) == moved
    estate.settle()
    assert get(estate, vbr).observed_generation == moved.generation


def test_old_news_settle_nothing(estate, alice, vbr):
    """EC-9: what the data plane reached before the last change does not count for it."""
    changed = estate.do(update_vbr, alice, UpdateVbr(id=vbr.id, vlan=7))
    estate.store.write(lambda tx: settle_vbr(tx, estate.world, vbr.id, vbr.generation))
    assert get(estate, vbr) == changed
    assert estate.store.write(lambda tx: settle_vbr(tx, estate.world, "vbr-none", 1)) is None


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"vlan": 200}, AlreadyExists, "vlan"),
        ({"vlan": 4095}, InvalidInput, "vlan"),
        ({"vlan": None}, InvalidInput, "vlan"),
        ({"peer_gateway": "10.255.0.1"}, InvalidInput, "peer_gateway"),
        ({"local_gateway": "10.254.0.1/30"}, InvalidInput, "peer_gateway"),
        ({"local_gateway": None}, InvalidInput, "local_gateway"),
        ({"local_gateway6": "fd00:ff::1/64"}, InvalidInput, "peer_gateway6"),
        ({"name": None}, InvalidInput, "name"),
    ],
)
def test_bad_change_is_refused(estate, alice, line, vbr, fields, error, field):
    """EC-9: the rules of a new one hold for changes, too; nothing changes."""
    estate.vbr(alice, line, 200)
    assert estate.refused(error, update_vbr, alice, UpdateVbr(id=vbr.id, **fields)).data["field"] == field


def test_gateways_leave_routes_their_room(estate, alice, vbr):
    """EC-9: no entry inside the new transfer network, no IPv6 entry to a line without IPv6."""
    both = UpdateVbr(id=vbr.id, local_gateway6="fd00:ff::1/64", peer_gateway6="fd00:ff::2")
    estate.do(update_vbr, alice, both)
    for destination in ("fd00:1::/64", "172.16.0.8/30"):
        entry = CreateRouteEntry(route_table_id=vbr.route_table_id, destination=destination, next_hop="line")
        estate.do(create_route_entry, alice, entry)
    without = UpdateVbr(id=vbr.id, local_gateway6=None, peer_gateway6=None)
    assert estate.refused(InUse, update_vbr, alice, without).data["by"] == "route_entry"
    over = UpdateVbr(id=vbr.id, local_gateway="172.16.0.1/24", peer_gateway="172.16.0.2")
    assert estate.refused(Conflict, update_vbr, alice, over).code == "route_in_the_way"


def test_vlan_is_the_line_owners(estate, alice, bob, offered):
    """EC-10: whoever has the line says which VLAN and circuit; texts and gateways are the customer's."""
    estate.do(confirm_vbr, bob, VbrRequest(id=offered.id))
    estate.settle()
    for fields in ({"vlan": 9}, {"circuit_code": "c"}):
        error = estate.refused(Forbidden, update_vbr, bob, UpdateVbr(id=offered.id, **fields))
        assert error.code == "not_line_owner"
        estate.do(update_vbr, alice, UpdateVbr(id=offered.id, **fields))
    for fields in ({"name": "x"}, {"description": "x"}, {"peer_gateway": "10.255.0.2"}):
        estate.refused(Forbidden, update_vbr, alice, UpdateVbr(id=offered.id, **fields))
        estate.do(update_vbr, bob, UpdateVbr(id=offered.id, **fields))


def test_operator_gives_it_a_port_of_its_own(estate, alice, line, vbr):
    """EC-9: where a host can't tell VLANs apart, one port a border router; taken back it is the line's again."""
    request = MoveVbr(id=vbr.id, port="netns:/run/netns/site")
    assert estate.refused(Forbidden, move_vbr, alice, request).code == "not_operator"
    moved = estate.do(move_vbr, estate.operator, request)
    assert moved.port == Port(PortKind.NETNS, "/run/netns/site", 0)
    assert moved.generation == vbr.generation + 1
    assert estate.do(move_vbr, estate.operator, request) == moved
    tagged = estate.do(update_vbr, alice, UpdateVbr(id=vbr.id, vlan=8))
    assert tagged.port == moved.port
    other = estate.line(alice)
    for taken in (line.port, other.port):
        error = estate.refused(AlreadyExists, move_vbr, estate.operator, MoveVbr(id=vbr.id, port=taken))
        assert error.code == "port_taken"
    estate.refused(InvalidInput, move_vbr, estate.operator, MoveVbr(id=vbr.id, port="eth0"))
    estate.refused(NotFound, move_vbr, estate.operator, MoveVbr(id="vbr-none", port=None))
    back = estate.do(move_vbr, estate.operator, MoveVbr(id=vbr.id, port=None))
    assert back.port == Port(PortKind.INTERFACE, "eth1", 8)


def test_lists_are_filtered(estate, alice, bob, line, vbr):
    """NET-1: by state and line; all accounts for operators only."""
    offered = estate.vbr(alice, line, 5, owner_uid=bob.uid)
    assert estate.ask(list_vbrs, alice, line_id=line.id).items == (vbr, offered)
    assert estate.ask(list_vbrs, alice, state="active").items == (vbr,)
    assert estate.ask(list_vbrs, bob).items == (offered,)
    assert estate.ask(list_vbrs, estate.operator, all_accounts=True).items == (vbr, offered)
    assert estate.ask(get_vbr, estate.operator, vbr.id) == vbr
    with pytest.raises(Forbidden):
        estate.ask(list_vbrs, alice, all_accounts=True)
    with pytest.raises(InvalidInput):
        estate.ask(list_vbrs, alice, state="open")


def test_repeat_with_the_token_makes_one(estate, alice, line):
    """EC-9: a retried request returns the border router."""
    gateways = {"local_gateway": "10.255.0.1/30", "peer_gateway": "10.255.0.2"}
    request = CreateVbr(line_id=line.id, vlan=1, client_token="t", **gateways)
    assert estate.do(create_vbr, alice, request) == estate.do(create_vbr, alice, request)
