"""Leased lines through the use cases: whose turn it is, in which state, and what is refused."""

import pytest
from tests.builders.estate import HANGZHOU

from peerway.app.usecases.access_points import list_access_points
from peerway.app.usecases.external_networks import CreateExternalNetwork, create_external_network
from peerway.app.usecases.line_steps import (
    AllocateLine,
    ApplyForLoa,
    ApproveLine,
    LineRequest,
    RejectLine,
    allocate_line,
    apply_for_loa,
    approve_line,
    cancel_line,
    confirm_line,
    delete_line,
    enable_line,
    line_actions,
    reject_line,
    terminate_line,
)
from peerway.app.usecases.lines import (
    ApplyForLine,
    UpdateLine,
    apply_for_line,
    get_line,
    list_lines,
    update_line,
)
from peerway.app.usecases.quotas import GrantQuota, grant_quota
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
from peerway.domain.lifecycle.line import ACTORS, LINE, LineActor, LineEvent
from peerway.domain.line import LineState, PhysicalConnection, PortType

#: What raises each event, with a request for it.
VERBS = {
    LineEvent.APPROVE: (approve_line, lambda id: ApproveLine(id=id, room="room 7", contact="Li")),
    LineEvent.REJECT: (reject_line, lambda id: RejectLine(id=id, reason="no room")),
    LineEvent.ALLOCATE: (allocate_line, lambda id: AllocateLine(id=id, port="interface:eth9")),
    LineEvent.APPLY_LOA: (apply_for_loa, lambda id: ApplyForLoa(id=id, loa="Net Ltd, Wang, Monday")),
    LineEvent.CONFIRM: (confirm_line, lambda id: LineRequest(id=id)),
    LineEvent.ENABLE: (enable_line, lambda id: LineRequest(id=id)),
    LineEvent.CANCEL: (cancel_line, lambda id: LineRequest(id=id)),
    LineEvent.TERMINATE: (terminate_line, lambda id: LineRequest(id=id)),
    LineEvent.DELETE: (delete_line, lambda id: LineRequest(id=id)),
}

#: Events that lead from the application to each state.
WAYS = {
    LineState.INITIAL: (),
    LineState.APPROVED: (LineEvent.APPROVE,),
    LineState.REJECTED: (LineEvent.REJECT,),
    LineState.ALLOCATED: (LineEvent.APPROVE, LineEvent.ALLOCATE),
    LineState.CONFIRMED: (LineEvent.APPROVE, LineEvent.ALLOCATE, LineEvent.CONFIRM),
    LineState.ENABLED: (LineEvent.APPROVE, LineEvent.ALLOCATE, LineEvent.CONFIRM, LineEvent.ENABLE),
    LineState.CANCELED: (LineEvent.CANCEL,),
    LineState.TERMINATED: (
        LineEvent.APPROVE,
        LineEvent.ALLOCATE,
        LineEvent.CONFIRM,
        LineEvent.ENABLE,
        LineEvent.TERMINATE,
    ),
}


def raise_event(estate, customer, id, event):
    """Have whoever's turn it is raise the event."""
    verb, request = VERBS[event]
    actor = estate.operator if ACTORS[event] is LineActor.OPERATOR else customer
    return estate.do(verb, actor, request(id))


def line_in(estate, customer, state):
    """A line that has come to that state."""
    line = estate.applied_line(customer)
    for event in WAYS[state]:
        line = raise_event(estate, customer, line.id, event)
    assert line.state is state
    return line


@pytest.mark.parametrize("event", LineEvent, ids=str)
@pytest.mark.parametrize("state", LineState, ids=str)
def test_cell(estate, alice, state, event):
    """EC-8: every state and operation, by whoever's turn it is: done as the table says, or refused and nothing changed."""
    line = line_in(estate, alice, state)
    verb, request = VERBS[event]
    actor = estate.operator if ACTORS[event] is LineActor.OPERATOR else alice
    if event in LINE.events(state):
        assert event in line_actions(actor, line)
        raise_event(estate, alice, line.id, event)
        after = estate.get(PhysicalConnection, line.id)
        assert after is None if event is LineEvent.DELETE else after.state is LINE.moves[state, event][0]
        return
    assert event not in line_actions(actor, line)
    error = estate.refused(IllegalState, verb, actor, request(line.id))
    assert (error.data["state"], error.data["event"]) == (state.value, event.value)


@pytest.mark.parametrize("event", LineEvent, ids=str)
def test_the_wrong_one_is_refused(estate, alice, bob, event):
    """EC-8: the customer does not do the operator's part, nor the operator or another tenant the customer's."""
    (state, _), *_ = (cell for cell in LINE.moves if cell[1] is event)
    line = line_in(estate, alice, state)
    verb, request = VERBS[event]
    if ACTORS[event] is LineActor.OPERATOR:
        for caller in (alice, bob):
            assert estate.refused(Forbidden, verb, caller, request(line.id)).code == "not_operator"
        estate.refused(NotFound, verb, estate.operator, request("pc-missing"))
        return
    for caller in (bob, estate.operator):
        estate.refused(NotFound, verb, caller, request(line.id))
    reader = Caller(alice.uid, Role.READER, "key")
    assert estate.refused(Forbidden, verb, reader, request(line.id)).code == "read_only"
    assert line_actions(reader, line) == []


def test_line_comes_into_use(estate, alice):
    """EC-8: applied for, approved with room and contact, port assigned, letter applied for, confirmed, enabled, ended."""
    line = estate.applied_line(alice, name="main", peer_location="12 Harbour Road")
    assert (line.state, line.region_id, line.bandwidth_mbps) == (LineState.INITIAL, "cn-hangzhou", 1000)
    approved = raise_event(estate, alice, line.id, LineEvent.APPROVE)
    assert (approved.room, approved.contact) == ("room 7", "Li")
    assert raise_event(estate, alice, line.id, LineEvent.ALLOCATE).port == "interface:eth9"
    assert raise_event(estate, alice, line.id, LineEvent.APPLY_LOA).loa == "Net Ltd, Wang, Monday"
    raise_event(estate, alice, line.id, LineEvent.CONFIRM)
    enabled = raise_event(estate, alice, line.id, LineEvent.ENABLE)
    assert enabled.enabled_at == estate.clock.now()
    assert raise_event(estate, alice, line.id, LineEvent.TERMINATE).port == ""
    raise_event(estate, alice, line.id, LineEvent.DELETE)
    assert estate.all(PhysicalConnection) == []


@pytest.mark.parametrize(
    ("fields", "error", "field", "code"),
    [
        ({"access_point_id": "ap-nowhere"}, InvalidInput, "access_point_id", "invalid"),
        ({"access_point_id": None}, InvalidInput, "access_point_id", "invalid"),
        ({"access_point_id": "ap-cn-hangzhou-bj-C"}, Conflict, "access_point_id", "access_point_closed"),
        ({"access_point_id": "ap-ap-southeast-1-ar-C"}, Conflict, "access_point_id", "access_point_closed"),
        ({"line_operator": "Equinix"}, InvalidInput, "line_operator", "invalid"),
        ({"line_operator": ""}, InvalidInput, "line_operator", "invalid"),
        ({"port_type": "100GBase-LR"}, InvalidInput, "port_type", "invalid"),
        ({"bandwidth_mbps": 1001}, InvalidInput, "bandwidth_mbps", "invalid"),
        ({"bandwidth_mbps": 0}, InvalidInput, "bandwidth_mbps", "invalid"),
        ({"bandwidth_mbps": "10"}, InvalidInput, "bandwidth_mbps", "invalid"),
        ({"port_type": "10GBase-LR", "bandwidth_mbps": 10001}, InvalidInput, "bandwidth_mbps", "invalid"),
        ({"name": "x" * 129}, InvalidInput, "name", "invalid"),
        ({"circuit_code": "\n"}, InvalidInput, "circuit_code", "invalid"),
        ({"peer_location": "x" * 257}, InvalidInput, "peer_location", "invalid"),
        ({"redundant_line_id": "pc-missing"}, NotFound, "redundant_line_id", "not_found"),
    ],
)
def test_bad_application_is_refused(estate, alice, fields, error, field, code):
    """EC-8: unknown or full access point, carrier, port and bandwidth that don't fit: field and rule, nothing changes."""
    request = ApplyForLine(**{"access_point_id": HANGZHOU, "line_operator": "CT", **fields})
    caught = estate.refused(error, apply_for_line, alice, request)
    assert (caught.data["field"], caught.code) == (field, code)


def test_port_bounds_the_bandwidth(estate, alice):
    """EC-8: 1G and 10G ports; without a figure the line has all that its port does."""
    small = estate.applied_line(alice, port_type="1000Base-T", bandwidth_mbps=1)
    large = estate.applied_line(alice, port_type="10GBase-LR")
    assert (small.port_type, small.bandwidth_mbps) == (PortType.COPPER_1G, 1)
    assert large.bandwidth_mbps == 10_000


def test_third_line_at_an_access_point_is_refused(estate, alice, bob):
    """EC-8: two an account and access point; ended ones, other accounts and places don't count; a grant raises it."""
    first = estate.applied_line(alice)
    estate.applied_line(alice)
    request = ApplyForLine(access_point_id=HANGZHOU, line_operator="CT")
    error = estate.refused(QuotaExceeded, apply_for_line, alice, request)
    assert (error.data["quota"], error.data["limit"]) == ("lines_per_account_and_access_point", 2)
    estate.applied_line(bob)
    estate.applied_line(alice, "ap-cn-hangzhou-xs-B")
    raise_event(estate, alice, first.id, LineEvent.CANCEL)
    estate.applied_line(alice)
    estate.refused(QuotaExceeded, apply_for_line, alice, request)
    grant = GrantQuota(uid=alice.uid, name="lines_per_account_and_access_point", limit=3)
    estate.do(grant_quota, estate.operator, grant)
    estate.do(apply_for_line, alice, request)


@pytest.mark.parametrize(
    "port", ["eth1", "interface:", "interface:a/b", "netns:here", "netns:/a/../b", "", None]
)
def test_bad_port_is_refused(estate, alice, port):
    """EC-8: a port is an interface or a namespace of the host."""
    line = line_in(estate, alice, LineState.APPROVED)
    error = estate.refused(InvalidInput, allocate_line, estate.operator, AllocateLine(id=line.id, port=port))
    assert error.field == "port"


def test_port_is_one_lines(estate, alice, bob):
    """EC-8: two lines never share a port; an ended line gives its own back."""
    first = line_in(estate, alice, LineState.ALLOCATED)
    second = line_in(estate, bob, LineState.APPROVED)
    request = AllocateLine(id=second.id, port=first.port)
    error = estate.refused(AlreadyExists, allocate_line, estate.operator, request)
    assert (error.code, error.data["id"]) == ("port_taken", first.id)
    raise_event(estate, alice, first.id, LineEvent.CANCEL)
    assert estate.do(allocate_line, estate.operator, request).port == "interface:eth9"


def test_lines_may_end_in_one_namespace(estate, alice, bob):
    """EC-11: a site's namespace takes many cables, but none of the internet's."""
    port = "netns:/run/netns/site"
    for customer in (alice, bob):
        line = line_in(estate, customer, LineState.APPROVED)
        assert estate.do(allocate_line, estate.operator, AllocateLine(id=line.id, port=port)).port == port
    outside = CreateExternalNetwork(
        region_id="cn-hangzhou", port="netns:/run/outside", pools=("203.0.113.0/29",)
    )
    estate.do(create_external_network, estate.operator, outside)
    third = line_in(estate, alice, LineState.APPROVED)
    request = AllocateLine(id=third.id, port=outside.port)
    assert estate.refused(AlreadyExists, allocate_line, estate.operator, request).code == "port_taken"


@pytest.mark.parametrize(
    ("verb", "actor", "state", "request_type", "fields", "field"),
    [
        (approve_line, "operator", LineState.INITIAL, ApproveLine, {"room": "", "contact": "Li"}, "room"),
        (approve_line, "operator", LineState.INITIAL, ApproveLine, {"room": "1", "contact": " "}, "contact"),
        (reject_line, "operator", LineState.INITIAL, RejectLine, {"reason": "x" * 257}, "reason"),
        (apply_for_loa, "customer", LineState.ALLOCATED, ApplyForLoa, {"loa": ""}, "loa"),
        (apply_for_loa, "customer", LineState.ALLOCATED, ApplyForLoa, {"loa": None}, "loa"),
    ],
)
def test_empty_words_are_refused(estate, alice, verb, actor, state, request_type, fields, field):
    """EC-8: an approval names room and contact, a letter who comes."""
    line = line_in(estate, alice, state)
    caller = estate.operator if actor == "operator" else alice
    assert estate.refused(InvalidInput, verb, caller, request_type(id=line.id, **fields)).field == field


def test_line_with_a_border_router_stays(estate, alice):
    """EC-8: terminating a line in use is refused and names what is on it."""
    line = estate.line(alice)
    vbr = estate.vbr(alice, line)
    error = estate.refused(InUse, terminate_line, alice, LineRequest(id=line.id))
    assert (error.data["by"], error.data["by_id"]) == ("vbr", vbr.id)
    assert estate.get(PhysicalConnection, line.id).state is LineState.ENABLED


def test_texts_change_at_any_time(estate, alice, bob):
    """EC-8: name, description, place, circuit and stand-in; another tenant's line is not there."""
    line, other = estate.line(alice), estate.applied_line(alice)
    texts = {"name": "n", "description": "d", "peer_location": "p", "circuit_code": "c"}
    request = UpdateLine(id=line.id, redundant_line_id=other.id, **texts)
    after = estate.do(update_line, alice, request)
    assert {field: getattr(after, field) for field in texts} == texts
    assert after.redundant_line_id == other.id
    assert (
        estate.do(update_line, alice, UpdateLine(id=line.id, redundant_line_id=None)).redundant_line_id
        is None
    )
    estate.refused(NotFound, update_line, bob, request)
    raise_event(estate, alice, other.id, LineEvent.CANCEL)
    for stand_in in (line.id, other.id):
        bad = UpdateLine(id=line.id, redundant_line_id=stand_in)
        assert estate.refused(InvalidInput, update_line, alice, bad).field == "redundant_line_id"


def test_deleted_line_stands_in_for_none(estate, alice):
    """EC-8: no line names one that is gone."""
    line, other = estate.line(alice), estate.applied_line(alice)
    estate.do(update_line, alice, UpdateLine(id=line.id, redundant_line_id=other.id))
    for event in (LineEvent.CANCEL, LineEvent.DELETE):
        raise_event(estate, alice, other.id, event)
    assert estate.get(PhysicalConnection, line.id).redundant_line_id is None


def test_lists_hold_own_lines(estate, alice, bob):
    """NET-1: a tenant lists its own, by state and access point; an operator all."""
    mine, ended = estate.line(alice), line_in(estate, alice, LineState.REJECTED)
    theirs = estate.applied_line(bob, "ap-cn-beijing-ft-A")
    assert estate.ask(list_lines, alice).items == (mine, ended)
    assert estate.ask(list_lines, alice, state="rejected").items == (ended,)
    assert estate.ask(list_lines, bob, access_point_id=HANGZHOU).items == ()
    everything = estate.ask(
        list_lines, estate.operator, all_accounts=True, access_point_id=theirs.access_point_id
    )
    assert everything.items == (theirs,)
    assert estate.ask(get_line, estate.operator, mine.id) == mine
    with pytest.raises(NotFound):
        estate.ask(get_line, bob, mine.id)
    with pytest.raises(Forbidden):
        estate.ask(list_lines, alice, all_accounts=True)


def test_every_region_has_access_points(estate, alice):
    """EC-8: at least one with room in each region of the seeds; ids begin with the region."""
    for region in estate.world.regions:
        points = estate.ask(list_access_points, alice, region_id=region.id)
        assert any(point.status == "recommended" for point in points), region.id
        assert all(point.id.startswith(f"ap-{region.id}-") and point.operators for point in points)
    assert len(estate.ask(list_access_points, alice)) == len(list(estate.world.access_points))
    with pytest.raises(InvalidInput):
        estate.ask(list_access_points, alice, region_id="cn-nowhere")


def test_repeat_with_the_token_applies_once(estate, alice):
    """EC-8: a retried application is the same line; another one with its token is a conflict."""
    request = ApplyForLine(access_point_id=HANGZHOU, line_operator="CT", client_token="t")
    assert estate.do(apply_for_line, alice, request) == estate.do(apply_for_line, alice, request)
    other = ApplyForLine(access_point_id=HANGZHOU, line_operator="CU", client_token="t")
    assert estate.refused(Conflict, apply_for_line, alice, other).code == "token_reused"
