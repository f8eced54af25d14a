"""The kernel's lookups against the slow twin: first match among entries, longest prefix among sources."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_network
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.builders import fabrics

from peerway.adapters.dataplane.kernel.names import service_chain, uplink_interface
from peerway.adapters.dataplane.kernel.tracked import Judge, Tuple
from peerway.adapters.dataplane.kernel.translation import Translating, translate
from peerway.domain.port import Port, PortKind
from peerway.fabric.decisions import destination_nat, service_at, source_nat
from peerway.fabric.model import (
    Backend,
    DestinationNat,
    Router,
    Service,
    SourceNat,
    ToUplink,
    Translation,
    Uplink,
)
from peerway.fabric.packets import Packet

WORLD = IPv4Address("9.9.9.9")
DOOR = f'"{uplink_interface("ngw")}"'

publics = st.integers(1, 4).map(lambda n: IPv4Address(f"203.0.113.{n}"))
privates = st.integers(1, 4).map(lambda n: IPv4Address(f"10.1.1.{n}"))
ports = st.integers(1, 3)
protocols = st.sampled_from([1, 6, 17])


@st.composite
def entries(draw: st.DrawFn) -> DestinationNat:
    """A destination entry of any kind."""
    public, private = draw(publics), draw(privates)
    if draw(st.booleans()):
        protocol = draw(st.sampled_from([None, 6, 17]))
        return DestinationNat(public, private, "dnat", protocol, draw(ports), draw(st.integers(0, 3)))
    return DestinationNat(public, private, "dnat", draw(st.sampled_from([None, 6, 17])))


@st.composite
def services(draw: st.DrawFn) -> Service:
    """A listener with one backend, or none."""
    backends = (Backend("i", IPv4Address("10.1.1.50"), draw(st.integers(50, 55)), 1),)[
        draw(st.integers(0, 1)) :
    ]
    return Service("lsn", draw(privates), draw(st.sampled_from([6, 17])), draw(ports), backends)


def sources() -> st.SearchStrategy[SourceNat]:
    """A source entry; prefixes are nested, touch each other, and reach both ends of the address space."""
    networks = st.builds(
        lambda base, length: IPv4Network((base >> 32 - length << 32 - length if length else 0, length)),
        st.sampled_from([0, 0x0A010100, 0x0A010108, 0x0A010180, 0xFFFFFFF0]),
        st.sampled_from([0, 8, 24, 25, 28, 29, 32]),
    )
    return st.builds(
        SourceNat, networks, st.lists(publics, max_size=2, unique=True).map(tuple), st.just("snat")
    )


def router(translation: Translation, *listening: Service) -> Router:
    """A router with one NAT gateway."""
    uplink = Uplink("ngw", Port(PortKind.NETNS, "/nowhere"), up=True, translation=translation)
    named = {f"{one.id}-{n}": replace(one, id=f"{one.id}-{n}") for n, one in enumerate(listening)}
    return fabrics.vpc(1, {"0.0.0.0/0": ToUplink("ngw")}, uplinks={"ngw": uplink}, services=named)


def asked_from_outside(made: Translating, public: IPv4Address, protocol: int, port: int) -> str | None:
    """What the chain for connections from outside does, rule by rule: a chain to go to, an address, or a drop."""
    found = {name: lookup.elements for name, lookup in made.lookups.items()}
    there, exact = f"{DOOR} . {public} . {protocol}", f"{DOOR} . {public} . {protocol} . {port}"
    if exact in found["entries"]:
        return found["entries"][exact]
    if exact in found["forwards"]:
        return found["forwards"][exact]
    if there in found["protocols"]:
        return found["protocols"][there]
    if there in found["refused"]:
        return None
    return found["hosts"].get(f"{DOOR} . {public}")


@given(st.lists(entries(), max_size=8), st.lists(services(), max_size=3), publics, protocols, ports)
def test_lookups_for_destinations_are_the_first_match(
    listed: list[DestinationNat], listening: list[Service], public: IPv4Address, protocol: int, port: int
) -> None:
    """NET-8: whatever the entries shadow, and whatever load balancers they lead to; and such a connection may go on."""
    unique = list({(one.address, one.protocol, one.port): one for one in listening}.values())
    home = router(Translation(destination=tuple(listed)), *unique)
    made = translate(home)
    got = asked_from_outside(made, public, protocol, port)
    packet = Packet(WORLD, public, protocol, port if protocol != 1 else 0, "ngw")
    entry = destination_nat(Translation(destination=tuple(listed)), packet)
    if entry is None:
        assert got is None
        return
    inner = replace(
        packet,
        destination=entry.private,
        port=(entry.private_port if entry.public_port else 0) or packet.port,
    )
    service = service_at(home, inner)
    target = (inner.destination, inner.port)
    if service is not None:
        assert got == f"goto {service_chain(service.id)}"
        if not service.live:
            return
        target = service.live[0].address, service.live[0].port
    elif entry.private in {one.address for one in unique} and not entry.public_port:
        assert got in {None, str(entry.private)}  # nobody has a load balancer's address
        return
    else:
        assert got in {str(target[0]), f"{target[0]} . {target[1]}"}
    connection = Tuple(WORLD, public, protocol, 7777, packet.port)
    answer = Tuple(target[0], WORLD, protocol, target[1], 7777)
    assert Judge(made.allowed).holds(connection, answer)
    assert not Judge(made.allowed).holds(connection, answer._replace(source=IPv4Address("10.1.1.99")))


@given(
    st.lists(sources(), max_size=6), st.integers(-2, 2), st.sampled_from([0x0A010100, 0x0A010180, 0xFFFFFFF0])
)
def test_ranges_for_sources_are_the_longest_prefix(listed: list[SourceNat], offset: int, base: int) -> None:
    """NET-8: nested entries as ranges without overlap: each address finds its longest prefix, and its answers only those."""
    source = IPv4Address(base + offset)
    translation = Translation(source=tuple(listed))
    (ranges,) = translate(router(translation)).allowed.outwards.values()
    assert all(before[1] < after[0] for before, after in pairwise(ranges))
    holding = [public for low, high, public in ranges if low <= int(source) <= high]
    entry = source_nat(translation, source)
    assert holding == ([] if entry is None else [entry.public])


@given(st.lists(sources(), max_size=4), publics)
def test_connections_from_inside_go_on_while_their_source_is_theirs(
    listed: list[SourceNat], public: IPv4Address
) -> None:
    """Of an instance whose table leads out: with one of its own public addresses, never with none or another's."""
    inside = IPv4Address("10.1.1.10")
    translation = Translation(source=tuple(listed))
    judge = Judge(translate(router(translation)).allowed)
    entry = source_nat(translation, inside)
    asked = Tuple(inside, WORLD, 17, 7777, 53)
    answer = Tuple(WORLD, public, 17, 53, 7777)
    assert judge.holds(asked, answer) == (entry is not None and public in entry.public)
    assert not judge.holds(asked, answer._replace(destination=inside))


def test_unequal_ways_are_unequal() -> None:
    """What ends connections is asked again when only a table changed."""
    first = router(Translation())
    second = replace(first, fibs=fabrics.vpc(1, {}).fibs)
    assert translate(first).allowed == translate(router(Translation())).allowed
    assert translate(first).allowed != translate(second).allowed
    assert ip_network("0.0.0.0/0") in {entry.prefix for entry in first.fibs["vtb"].entries}


@given(
    st.lists(entries(), max_size=4),
    st.lists(entries(), max_size=4),
    st.lists(services(), max_size=2),
    st.tuples(publics, protocols, st.integers(0, 3)),
    st.tuples(privates, st.integers(0, 3)),
)
def test_what_extends_ends_nothing(
    listed: list[DestinationNat],
    others: list[DestinationNat],
    listening: list[Service],
    asked: tuple[IPv4Address, int, int],
    target: tuple[IPv4Address, int],
) -> None:
    """Connections are not looked at after a change that only lets more in; so none of them may have to end."""
    before = translate(router(Translation(destination=tuple(listed)))).allowed
    after = translate(router(Translation(destination=(*listed, *others)), *listening)).allowed
    public, protocol, port = asked
    connection = Tuple(WORLD, public, protocol, 7777, port)
    answer = Tuple(target[0], WORLD, protocol, target[1], 7777)
    assert before.extends(before)
    if after.extends(before) and Judge(before).holds(connection, answer):
        assert Judge(after).holds(connection, answer)
