"""The agent's socket: whole messages, descriptors beside them, and nothing that a malformed line can break."""

import errno
import os
import socket
from ipaddress import ip_address, ip_interface, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.live import eventually

from peerway.adapters.agent import wire
from peerway.adapters.agent.client import SocketAgent
from peerway.adapters.agent.server import Abilities, AgentServer
from peerway.app.dataplane import LinkCounters, Probe, ProbeResult, Verdict
from peerway.domain.errors import NotFound, Unavailable
from peerway.domain.guest import GuestInterface, GuestRoute, GuestRouteKind, GuestView


def pair():
    """Two ends of a connection."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


#: Small enough for the kernel to keep it all until it is read.
MESSAGES = st.lists(
    st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers(), max_size=3), max_size=4
)


@given(MESSAGES, st.integers(5, 200))
def test_messages_arrive_whole_however_the_stream_is_cut(messages, size):
    """What was sent is received, in order, whether lines come in pieces or several at once."""
    near, far = pair()
    with near, far:
        collected = wire.Channel(near)
        for message in messages:
            collected.send(message)
        near.shutdown(socket.SHUT_WR)
        stream = b"".join(iter(lambda: far.recv(4096), b""))
    again, reader = pair()
    with again, reader:
        for start in range(0, len(stream), size):
            again.sendall(stream[start : start + size])
        again.shutdown(socket.SHUT_WR)
        channel = wire.Channel(reader)
        received = [channel.receive()[0] for _ in messages]
        assert received == messages
        assert channel.receive() == (None, [])


def test_descriptors_travel_beside_a_message():
    """Standard streams are handed over with the request that needs them."""
    near, far = pair()
    read_end, write_end = os.pipe()
    with near, far:
        socket.send_fds(near, [b'{"op": "exec"}\n'], [write_end])
        message, fds = wire.Channel(far).receive()
    assert message == {"op": "exec"}
    os.write(fds[0], b"through")
    assert os.read(read_end, 7) == b"through"
    for fd in (read_end, write_end, *fds):
        os.close(fd)


@pytest.mark.parametrize("line", [b"nonsense\n", b"[]\n", b"12\n"])
def test_a_line_that_is_no_message_is_refused(line):
    """A malformed line is an error of the sender, named as such."""
    near, far = pair()
    with near, far:
        near.sendall(line)
        with pytest.raises(ValueError, match=r"."):
            wire.Channel(far).receive()


def test_descriptors_beside_a_malformed_line_are_closed():
    """Nobody can use them, so the agent does not collect them: its end of the pipe is gone with the refusal."""
    near, far = pair()
    read_end, write_end = os.pipe()
    with near, far, os.fdopen(read_end, "rb") as kept:
        socket.send_fds(near, [b"nonsense\n"], [write_end])
        os.close(write_end)
        with pytest.raises(ValueError, match=r"."):
            wire.Channel(far).receive()
        assert kept.read() == b""


class Recorder:
    """What stands behind the door in these tests."""

    def __init__(self):
        self.woken = 0
        self.probes = []
        self.views = {}
        self.counters = None

    def wake(self):
        """Count."""
        self.woken += 1

    def probe(self, probe):
        """Answer, unless the instance is unknown."""
        self.probes.append(probe)
        if probe.source_id == "i-full":
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if probe.source_id == "i-gone":
            raise NotFound("instance", probe.source_id)
        return ProbeResult(Verdict.ANSWERED, 0.25, "detail")

    def count(self):
        """What was set."""
        return self.counters

    def look(self, endpoint_id):
        """The view of the instance, as far as there is one."""
        if endpoint_id == "i-gone":
            raise NotFound("instance", endpoint_id)
        return self.views.get(endpoint_id)


@pytest.fixture
def recorder():
    """What the server calls."""
    return Recorder()


@pytest.fixture
def agent(tmp_path, recorder):
    """A client of a running server, at a path longer than the kernel takes for a socket."""
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    path = folder / "agent.sock"
    abilities = Abilities(
        recorder.probe, recorder.look, lambda *_, **__: None, recorder.wake, lambda: 42, recorder.count
    )
    server = AgentServer(path, abilities)
    client = SocketAgent(path, "kernel")
    yield client
    client.close()
    server.close()


def test_probe_goes_there_and_its_result_comes_back(agent, recorder):
    """PATH-4: a probe and its answer cross the socket unchanged; an unknown instance is not found."""
    probe = Probe("i-1", ip_address("fd00::1"), 58, 0, 200)
    assert agent.probe(probe) == ProbeResult(Verdict.ANSWERED, 0.25, "detail")
    assert recorder.probes == [probe]
    with pytest.raises(NotFound, match="i-gone"):
        agent.probe(Probe("i-gone", ip_address("10.0.0.1")))


def test_a_look_into_an_instance_comes_back_unchanged(agent, recorder):
    """PATH-3: interfaces, addresses and routes of an instance cross the socket unchanged; where there are no guests, that."""
    bridge = GuestInterface("docker0", to_network=False, up=True, addresses=(ip_interface("172.17.0.1/16"),))
    wire = GuestInterface("eth0", to_network=True, up=False, addresses=(ip_interface("fd00::5/128"),))
    routes = (
        GuestRoute(
            ip_network("0.0.0.0/0"), interfaces=("eth0",), gateway=ip_address("169.254.1.1"), metric=7
        ),
        GuestRoute(ip_network("fd00::5/128"), GuestRouteKind.LOCAL),
    )
    recorder.views["i-1"] = GuestView((bridge, wire), routes, complete=False)
    assert agent.guest_addresses("i-1") == recorder.views["i-1"]
    assert agent.guest_addresses("i-2") is None
    with pytest.raises(NotFound, match="i-gone"):
        agent.guest_addresses("i-gone")


def test_what_the_machine_refuses_is_told_to_the_caller(agent):
    """A request that the operating system refuses is answered with its word, not with a broken connection."""
    with pytest.raises(Unavailable, match=os.strerror(errno.EAGAIN)):
        agent.probe(Probe("i-full", ip_address("10.0.0.1")))


def test_many_nudges_at_once_wake_and_keep_the_connection(agent, recorder):
    """Nudges that arrive together are still understood: the same connection goes on."""
    for _ in range(200):
        agent.nudge()
    eventually("all nudges have arrived", lambda: recorder.woken == 200)
    assert agent.applied_revision() == 42


def test_an_absent_agent_is_unavailable_and_loses_nudges_quietly(tmp_path):
    """The API goes on without an agent: nudges are dropped, probes say that nobody answers."""
    absent = SocketAgent(tmp_path / "agent.sock", "kernel")
    absent.nudge()
    assert absent.applied_revision() == -1
    with pytest.raises(Unavailable, match="does not answer"):
        absent.probe(Probe("i-1", ip_address("10.0.0.1")))


@pytest.mark.parametrize("links", [0, 1, wire.ENDS // 2, wire.ENDS + 1])
def test_counters_of_any_number_of_links_come_back_unchanged(agent, recorder, links):
    """MON-1: they take as many lines as they need."""
    recorder.counters = {
        (f"pcc-{number:020}", f"vpc-{side}{number:019}"): LinkCounters(2**62 + number, 1, 2, 3, side)
        for number in range(links)
        for side in (1, 2)
    }
    assert agent.link_counters() == recorder.counters


def test_no_counters_are_not_counters_of_nothing(agent, recorder):
    """A data plane that carries no packets has none to tell."""
    recorder.counters = None
    assert agent.link_counters() is None
