"""What a VPC's name server answers, denies and refuses, and that nothing sent to it makes it raise."""

import struct
from dataclasses import replace
from ipaddress import ip_address, ip_network

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.reversename
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from peerway.adapters.dataplane.kernel.answers import DATAGRAM_BYTES, TTL_S, answer
from peerway.adapters.dataplane.kernel.directory import Directory
from peerway.adapters.dataplane.kernel.resolver import BURST, PER_SECOND, Allowance
from peerway.fabric.model import Endpoint, Fabric, Fib, Link, LinkEnd, Router, Subnet


def endpoint(id: str, *addresses: str, name: str = "") -> Endpoint:
    """An instance with its id and maybe a name as labels."""
    labels = (id, name) if name else (id,)
    return Endpoint(id, "vsw-1", tuple(map(ip_address, addresses)), "02:00:00:00:00:01", labels=labels)


def router(id: str, prefix: str, *endpoints: Endpoint) -> Router:
    """A VPC with one VSwitch."""
    subnet = Subnet("vsw-1", (ip_network(prefix), ip_network("fd00::/64")), "vtb-1")
    return Router(
        id,
        "cn-hangzhou",
        subnets={subnet.id: subnet},
        endpoints={one.id: one for one in endpoints},
        fibs={},
        inbound=Fib("vtb-1", ()),
        policies={},
        acls={},
    )


def link(one: str, other: str, *, up: bool = True, names: tuple[bool, bool] = (True, True)) -> Link:
    """A link whose ends tell their names, or don't."""
    first, second = (
        LinkEnd(id, "cn-hangzhou", names=told) for id, told in zip((one, other), names, strict=True)
    )
    return Link(f"pcc-{one}-{other}", (first, second), up=up)


ROUTERS = [
    router(
        "vpc-1",
        "10.1.0.0/24",
        endpoint("i-1", "10.1.0.10", "fd00::10", name="web"),
        endpoint("i-2", "10.1.0.11"),
    ),
    router("vpc-2", "10.2.0.0/24", endpoint("i-3", "10.2.0.10", name="db")),
    router("vpc-3", "10.3.0.0/24", endpoint("i-4", "10.3.0.10", name="db")),
    router("vpc-4", "10.4.0.0/24", endpoint("i-5", "10.4.0.10", name="db")),
]
LINKS = [
    link("vpc-1", "vpc-2"),
    link("vpc-1", "vpc-3", names=(True, False)),
    link("vpc-4", "vpc-1", up=False),
]
FABRIC = Fabric(7, {one.id: one for one in ROUTERS}, {one.id: one for one in LINKS})


def ask(
    name: str | dns.name.Name, kind: str = "A", vpc_id: str = "vpc-1", **how: object
) -> dns.message.Message:
    """Ask the name server of a VPC, by datagram."""
    query = dns.message.make_query(name, kind, **how)
    reply = answer(Directory(FABRIC), vpc_id, query.to_wire())
    assert reply is not None
    parsed = dns.message.from_wire(reply)
    assert query.is_response(parsed) or parsed.question == []
    return parsed


def found(reply: dns.message.Message) -> list[str]:
    """Code and records of an answer."""
    records = sorted(record.to_text() for records in reply.answer for record in records)
    return [dns.rcode.to_text(reply.rcode()), *records]


NAMES = {
    ("web.vpc-1.peerway.internal", "A"): ["NOERROR", "10.1.0.10"],
    ("web.vpc-1.peerway.internal", "AAAA"): ["NOERROR", "fd00::10"],
    ("web.vpc-1.peerway.internal", "ANY"): ["NOERROR", "10.1.0.10", "fd00::10"],
    ("web.vpc-1.peerway.internal", "MX"): ["NOERROR"],
    ("WEB.Vpc-1.PeerWay.Internal", "A"): ["NOERROR", "10.1.0.10"],
    ("i-1.vpc-1.peerway.internal", "A"): ["NOERROR", "10.1.0.10"],
    ("i-2.vpc-1.peerway.internal", "AAAA"): ["NOERROR"],
    ("nobody.vpc-1.peerway.internal", "A"): ["NXDOMAIN"],
    ("a.web.vpc-1.peerway.internal", "A"): ["NXDOMAIN"],
    ("vpc-1.peerway.internal", "A"): ["NOERROR"],
    ("peerway.internal", "A"): ["NOERROR"],
    ("db.vpc-2.peerway.internal", "A"): ["NOERROR", "10.2.0.10"],
    ("nobody.vpc-2.peerway.internal", "A"): ["NXDOMAIN"],
    ("db.vpc-3.peerway.internal", "A"): ["REFUSED"],
    ("db.vpc-4.peerway.internal", "A"): ["REFUSED"],
    ("db.vpc-9.peerway.internal", "A"): ["REFUSED"],
    ("web", "A"): ["REFUSED"],
    ("peerway.io", "A"): ["REFUSED"],
    (".", "NS"): ["REFUSED"],
    ("10.0.1.10.in-addr.arpa", "PTR"): [
        "NOERROR",
        "web.vpc-1.peerway.internal.",
    ],
    ("10.0.1.10.in-addr.arpa", "A"): ["NOERROR"],
    ("10.0.2.10.in-addr.arpa", "PTR"): [
        "NOERROR",
        "db.vpc-2.peerway.internal.",
    ],
    ("77.0.1.10.in-addr.arpa", "PTR"): ["NXDOMAIN"],
    ("77.0.2.10.in-addr.arpa", "PTR"): ["NXDOMAIN"],
    ("10.0.3.10.in-addr.arpa", "PTR"): ["REFUSED"],
    ("8.8.8.8.in-addr.arpa", "PTR"): ["REFUSED"],
    ("0.1.10.in-addr.arpa", "PTR"): ["REFUSED"],
    ("nonsense.in-addr.arpa", "PTR"): ["REFUSED"],
}


@pytest.mark.parametrize(("name", "kind"), NAMES, ids=" ".join)
def test_names_are_answered_denied_and_refused(name: str, kind: str) -> None:
    """Own names, and those of VPCs over links that tell them; others are refused as if they were not there."""
    assert found(ask(name, kind)) == NAMES[name, kind]


def test_names_pass_a_link_the_way_it_is_switched() -> None:
    """One side may tell its names without being told the other's."""
    assert found(ask("web.vpc-1.peerway.internal", vpc_id="vpc-3")) == ["NOERROR", "10.1.0.10"]
    assert found(ask("db.vpc-3.peerway.internal", vpc_id="vpc-1")) == ["REFUSED"]
    assert found(ask("db.vpc-2.peerway.internal", vpc_id="vpc-3")) == ["REFUSED"], "not beyond the next VPC"


def test_addresses_have_names_in_ipv6_too() -> None:
    """The reverse of an IPv6 address."""
    assert found(ask(dns.reversename.from_address("fd00::10"), "PTR"))[1] == "web.vpc-1.peerway.internal."
    assert found(ask(dns.reversename.from_address("fd00::99"), "PTR")) == ["NXDOMAIN"]


def test_answers_are_kept_for_five_seconds_only() -> None:
    """Names follow instances: what is there and what is not may be kept for 5 s."""
    assert ask("web.vpc-1.peerway.internal").answer[0].ttl == TTL_S == 5
    denied = ask("nobody.vpc-1.peerway.internal").authority[0]
    assert (denied.ttl, denied[0].minimum, denied[0].serial) == (5, 5, FABRIC.revision)
    assert denied.name == dns.name.from_text("vpc-1.peerway.internal.")
    apex = ask("vpc-1.peerway.internal", "SOA")
    assert apex.answer[0].rdtype == dns.rdatatype.SOA
    assert apex.authority == []


def test_other_classes_opcodes_and_versions_are_turned_down() -> None:
    """What the server does not do it says, by the code the standards have for it."""
    assert found(ask("web.vpc-1.peerway.internal", rdclass="CH")) == ["REFUSED"]
    update = dns.message.make_query("peerway.internal", "A")
    update.set_opcode(dns.opcode.NOTIFY)
    reply = answer(Directory(FABRIC), "vpc-1", update.to_wire())
    assert reply is not None
    assert dns.message.from_wire(reply).rcode() == dns.rcode.NOTIMP
    assert ask("web.vpc-1.peerway.internal", use_edns=1).rcode() == dns.rcode.BADVERS


def test_an_answer_and_what_is_too_short_are_passed_over() -> None:
    """Servers that answered answers would do so for ever."""
    query = dns.message.make_query("web.vpc-1.peerway.internal", "A")
    query.flags |= dns.flags.QR
    assert answer(Directory(FABRIC), "vpc-1", query.to_wire()) is None
    assert answer(Directory(FABRIC), "vpc-1", b"\0" * 11) is None


def test_malformed_questions_are_told_so() -> None:
    """The identity comes back, so that the asker knows which question was wrong."""
    for body in (b"", b"\xc0\x0c" * 9, b"\x07peerway"):
        reply = answer(Directory(FABRIC), "vpc-1", struct.pack("!HHHHHH", 4711, 0x0100, 1, 0, 0, 0) + body)
        assert reply == struct.pack("!HHHHHH", 4711, 0x8101, 0, 0, 0, 0)
    two = dns.message.make_query("a.vpc-1.peerway.internal", "A")
    two.question.append(dns.message.make_query("b.vpc-1.peerway.internal", "A").question[0])
    reply = answer(Directory(FABRIC), "vpc-1", two.to_wire())
    assert reply is not None
    assert dns.message.from_wire(reply).rcode() == dns.rcode.FORMERR


def crowded(addresses: int) -> Directory:
    """An instance with more addresses than fit a datagram."""
    many = endpoint("i-1", *(f"fd00::{number:x}" for number in range(1, addresses + 1)))
    return Directory(Fabric(1, {"vpc-1": router("vpc-1", "10.1.0.0/24", many)}))


@pytest.mark.parametrize("payload", [None, 0, 700, 65535])
def test_a_large_answer_is_cut_to_what_the_client_takes(payload: int | None) -> None:
    """512 bytes without EDNS, the client's size with it, never more than 1,232; in a stream it is whole."""
    how = {} if payload is None else {"use_edns": 0, "payload": payload}
    query = dns.message.make_query("i-1.vpc-1.peerway.internal", "AAAA", **how).to_wire()
    reply = answer(crowded(50), "vpc-1", query)
    assert reply is not None
    assert len(reply) <= min(max(payload or 0, 512), DATAGRAM_BYTES)
    assert dns.message.from_wire(reply).flags & dns.flags.TC
    whole = answer(crowded(50), "vpc-1", query, stream=True)
    assert whole is not None
    parsed = dns.message.from_wire(whole)
    assert not parsed.flags & dns.flags.TC
    assert len(parsed.answer[0]) == 50


@given(st.binary(max_size=600))
@example(b"\0" * 12)
@example(struct.pack("!HHHHHH", 1, 0, 65535, 65535, 65535, 65535) + b"\xc0\x0c\x00\x01\x00\x01")
def test_no_bytes_make_it_raise(data: bytes) -> None:
    """Whatever arrives, there is an answer of the same identity, or none."""
    reply = answer(Directory(FABRIC), "vpc-1", data)
    if reply is not None:
        assert reply[:2] == data[:2]
        assert reply[2] & 0x80
        assert len(reply) <= DATAGRAM_BYTES


@given(st.data())
def test_no_damaged_question_makes_it_raise(data: st.DataObject) -> None:
    """Real questions with some bytes changed, taken out or added come close to what parsers overlook."""
    name, kind = data.draw(st.sampled_from(sorted(NAMES)))
    wire = bytearray(
        dns.message.make_query(name, kind, use_edns=data.draw(st.sampled_from([-1, 0, 1]))).to_wire()
    )
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(wire) - 1))
        wire[position : position + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    for stream in (False, True):
        reply = answer(Directory(FABRIC), "vpc-1", bytes(wire), stream=stream)
        if reply is not None:
            dns.message.from_wire(reply)


def test_a_directory_follows_its_fabric() -> None:
    """Unchanged zones are taken over, changed ones are made anew, and those gone are no more."""
    first = Directory(FABRIC)
    kept, changed = first.zone("vpc-1"), first.zone("vpc-2")
    routers = {**FABRIC.routers, "vpc-2": replace(FABRIC.routers["vpc-2"], endpoints={})}
    del routers["vpc-3"]
    second = Directory(replace(FABRIC, routers=routers), first.zones)
    assert second.zone("vpc-1") is kept
    assert second.zone("vpc-2") is not changed
    assert second.zone("vpc-3") is None


def test_a_vpc_that_asks_too_much_waits() -> None:
    """A VPC may ask a burst and then so many a second, so that one can't starve the others."""
    allowance = Allowance(BURST, 0.0)
    assert all(allowance.spend(0.0) for _ in range(BURST))
    assert not allowance.spend(0.0)
    assert sum(allowance.spend(1.0 + number / 1000) for number in range(1000)) <= BURST + PER_SECOND
    assert sum(allowance.spend(1000.0) for _ in range(2 * BURST)) == BURST
