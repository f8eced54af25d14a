"""The lives of leased lines and border routers: every cell of the tables, and the tables' own promises."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Interface

import pytest

from peerway.domain.errors import IllegalState
from peerway.domain.lifecycle import line as lines
from peerway.domain.lifecycle import vbr as vbrs
from peerway.domain.lifecycle.line import ACTORS, LINE, LineEvent
from peerway.domain.lifecycle.vbr import VBR, VbrEvent, is_behind
from peerway.domain.line import LineState, PhysicalConnection, PortType, VbrState, VirtualBorderRouter
from peerway.domain.port import Port, PortKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def line(state):
    """A line in that state, with a port."""
    return PhysicalConnection(
        id="pc-1",
        owner_uid="1",
        created_at=NOW,
        region_id="cn-hangzhou",
        access_point_id="ap-1",
        line_operator="CT",
        port_type=PortType.FIBRE_1G,
        bandwidth_mbps=1000,
        state=state,
        state_since=NOW,
        port="interface:eth1",
    )


def vbr(state, **parts):
    """A border router in that state, at its third generation."""
    return VirtualBorderRouter(
        **{
            "id": "vbr-1",
            "owner_uid": "1",
            "created_at": NOW,
            "region_id": "cn-hangzhou",
            "line_id": "pc-1",
            "line_owner_uid": "1",
            "access_point_id": "ap-1",
            "vlan": 1,
            "local_gateway": IPv4Interface("10.255.0.1/30"),
            "peer_gateway": IPv4Address("10.255.0.2"),
            "route_table_id": "vtb-1",
            "port": Port(PortKind.INTERFACE, "eth1", 1),
            "state": state,
            "state_since": NOW,
            "generation": 3,
            "observed_generation": 3,
            **parts,
        }
    )


CELLS = [
    *((LINE, lines.move, line, state, event) for state in LineState for event in LineEvent),
    *((VBR, vbrs.move, vbr, state, event) for state in VbrState for event in VbrEvent),
]


@pytest.mark.parametrize(
    ("machine", "move", "make", "state", "event"),
    CELLS,
    ids=[f"{m.resource}-{state}-{event}" for m, _, _, state, event in CELLS],
)
def test_cell(machine, move, make, state, event):
    """EC-8, EC-9: a move in the table is made, any other is refused with state and event and changes nothing."""
    before = make(state)
    if (state, event) not in machine.moves:
        with pytest.raises(IllegalState) as caught:
            move(before, event, LATER)
        wanted = {"resource": machine.resource, "id": before.id, "state": state.value, "event": event.value}
        assert caught.value.data == wanted
        return
    after, effects = move(before, event, LATER)
    assert (after.state, effects) == machine.moves[state, event]
    assert after.state_since == (NOW if after.state is state else LATER)


@pytest.mark.parametrize("machine", [LINE, VBR], ids=lambda machine: machine.resource)
def test_table_is_whole(machine):
    """EC-8, EC-9: each state has facts and is reached from the first ones; what passes goes on by the data plane's word."""
    states = LineState if machine is LINE else VbrState
    assert set(machine.states) == set(states)
    reached = {LineState.INITIAL, VbrState.CREATING, VbrState.UNCONFIRMED}
    for _ in states:
        reached |= {end for (start, _), (end, _) in machine.moves.items() if start in reached}
    assert reached >= set(states)
    for state, info in machine.states.items():
        assert info.stable is not (VbrEvent.PROGRAMMED in machine.events(state))
        assert info.live or not info.carries


def test_each_event_of_a_line_is_somebodys():
    """EC-8: customer and operator take turns."""
    assert set(ACTORS) == set(LineEvent)


def test_line_keeps_its_port_while_it_lives():
    """EC-8: an ended line has no port, an enabled one the time of it."""
    enabled, _ = lines.move(line(LineState.CONFIRMED), LineEvent.ENABLE, LATER)
    assert (enabled.port, enabled.enabled_at) == ("interface:eth1", LATER)
    ended, _ = lines.move(enabled, LineEvent.TERMINATE, LATER + timedelta(days=1))
    assert (ended.port, ended.enabled_at) == ("", LATER)
    assert lines.move(line(LineState.ALLOCATED), LineEvent.CANCEL, LATER)[0].port == ""


@pytest.mark.parametrize(("state", "event"), list(VBR.moves), ids=lambda part: part.value)
def test_what_the_data_plane_must_follow_has_a_new_generation(state, event):
    """EC-9: passing states and changes within a state count up, the data plane's own word does not."""
    after, _ = vbrs.move(vbr(state), event, LATER)
    passing = not VBR.states[after.state].stable
    assert after.generation == 3 + (passing or event is VbrEvent.MODIFY)


@pytest.mark.parametrize("state", VbrState)
def test_waiting_ends_with_the_generation(state):
    """EC-9: a border router that has a place in the data plane waits until its generation is reached."""
    info = VBR.states[state]
    assert is_behind(vbr(state)) is not info.stable
    assert is_behind(vbr(state, generation=4)) is (info.live or not info.stable)
