"""From a compiled router to the kernel objects that make it so; pure.

Owns the meaning: which table, rule, route, neighbour and interface stands for what. The order and manner of programming is
`converge`'s.

A router is a namespace. Its main table is what packets that arrive by a link are looked up in, and holds no link, so that
nothing crosses two links (PEER-7) whatever else is missing. Each other table is one `Fib`, chosen by the VSwitch of the
source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from socket import AF_INET, AF_INET6

from peerway.adapters.dataplane.kernel.codec import HOST_SCOPE, End, NextHop
from peerway.adapters.dataplane.kernel.names import (
    ATTACHED_INTERFACE,
    BACK_RULE,
    BACK_TABLE,
    FAR4,
    FAR6,
    GATEWAY4,
    GATEWAY6,
    GATEWAY_RULE,
    GUEST_INTERFACE,
    INBOUND_TABLE,
    LINK_GROUP,
    LINK_MACS,
    LINK_RULE,
    RESOLVER4,
    ROUTER6,
    ROUTER_MAC,
    SUBNET_RULE,
    attached_namespace,
    endpoint_interface,
    endpoint_namespace,
    link_interface,
    numbers,
    router_namespace,
)
from peerway.adapters.dataplane.kernel.plan import Plan, RouterPlan, Wire
from peerway.adapters.dataplane.kernel.state import (
    DISCARD,
    HERE,
    Destination,
    Interface,
    Neighbour,
    PolicyRule,
    Way,
    host,
    over,
)
from peerway.adapters.dataplane.kernel.uplinks import add_exit, add_uplink, add_uplink_rules, way_out
from peerway.domain.prefixes import Prefix
from peerway.fabric.lookup import Lookup
from peerway.fabric.model import (
    Endpoint,
    Fib,
    FibEntry,
    Link,
    Router,
    ToEndpoint,
    ToLink,
    ToLinks,
    ToResolver,
    ToSubnet,
    ToUplink,
    Uplink,
)

_LOOPBACK = 1
_VERSIONS: dict[int, int] = {4: AF_INET, 6: AF_INET6}
_FAR = {4: FAR4, 6: FAR6}
_MEGABIT = 125_000
_ANYWHERE = ip_network("0.0.0.0/0")


def router_numbers(router: Router, links: Mapping[str, Link]) -> dict[str, int]:
    """Interface indexes of a router: `e:` + endpoint id, `l:` + link id, `u:` + uplink id → index."""
    ids = ((kind, id) for kind, owners in _kinds(router, links) for id in owners)
    return numbers(f"{kind}:{id}" for kind, id in ids)


def _kinds(router: Router, links: Mapping[str, Link]) -> tuple[tuple[str, Iterable[str]], ...]:
    return ("e", router.endpoints), ("l", links), ("u", router.uplinks)


def subnet_groups(router: Router) -> dict[str, int]:
    """Interface group of each VSwitch's instances."""
    return numbers(router.subnets)


def encode_router(
    router: Router,
    links: Mapping[str, Link],
    withheld: frozenset[str] = frozenset(),
    *,
    vlans: bool = False,
) -> RouterPlan:
    """The plan of a router with its links.

    `withheld` endpoints and uplinks get no interface (their filter could not be loaded); `vlans`: the kernel has 802.1Q.
    """
    index = router_numbers(router, links)
    plan = RouterPlan(
        router.id, endpoints=tuple(router.endpoints), links=links, index=index, uplinks=tuple(router.uplinks)
    )
    groups = subnet_groups(router)
    six = 6 in _spoken(router)
    versions = (AF_INET, AF_INET6) if six else (AF_INET,)
    present = {id: endpoint for id, endpoint in router.endpoints.items() if id not in withheld}
    plan.state.addresses.add(host(_LOOPBACK, GATEWAY4))
    if six:
        plan.state.addresses.add(host(_LOOPBACK, ROUTER6))
    for endpoint in present.values():
        _add_endpoint(plan, router, endpoint, index[f"e:{endpoint.id}"], groups[endpoint.subnet_id])
    for link in links.values():
        _add_link(plan, link, index[f"l:{link.id}"], versions)
    for uplink in router.uplinks.values():
        if uplink.id not in withheld:
            add_uplink(plan, uplink, vlans=vlans)
    live = {
        id: uplink
        for id, uplink in router.uplinks.items()
        if uplink.up and index[f"u:{id}"] in plan.state.interfaces
    }
    ways = _Ways(present, links, index, live)
    _add_way_back(plan, router, ways)
    _add_tables(plan, router, ways, versions)
    _add_rules(plan, router, ways, versions)
    if router.exit_id is not None:
        add_exit(plan, router, present, ways.out(router.exit_id, _ANYWHERE))
    plan.watched = frozenset(ways.watched)
    return plan


def _spoken(router: Router) -> set[int]:
    """IP versions that a router has something to do with."""
    networks = {prefix.version for subnet in router.subnets.values() for prefix in subnet.prefixes}
    return networks | {one.peer.version for uplink in router.uplinks.values() for one in uplink.transfers}


def _add_endpoint(plan: RouterPlan, router: Router, endpoint: Endpoint, index: int, group: int) -> None:
    name = endpoint_interface(endpoint.id)
    plan.owners[index] = endpoint.id
    plan.state.interfaces[index] = Interface(name, ROUTER_MAC, group, up=True, checked=not endpoint.forwards)
    mac = bytes.fromhex(endpoint.mac.replace(":", ""))
    for address in endpoint.addresses:
        plan.state.neighbours.add(Neighbour(index, address.packed, mac))
        if endpoint.forwards:
            plan.state.neighbours.add(Neighbour(index, _FAR[address.version], mac))
    near = End(index, name, ROUTER_MAC, group)
    far = End(*_guest_interface(endpoint, index), mac, 0)
    plan.wires[index] = Wire(
        endpoint.id, (router_namespace(router.id), near), (guest_namespace(endpoint), far)
    )


def guest_namespace(endpoint: Endpoint) -> str:
    """Name of the namespace that an instance lives in."""
    if endpoint.netns is not None:
        return attached_namespace(endpoint.id, endpoint.netns)
    return endpoint_namespace(endpoint.id)


def _guest_interface(endpoint: Endpoint, index: int) -> tuple[int, str]:
    if endpoint.netns is not None:
        return index, ATTACHED_INTERFACE
    name, fixed = GUEST_INTERFACE
    return fixed, name


def _add_link(plan: RouterPlan, link: Link, index: int, versions: tuple[int, ...]) -> None:
    side = 0 if link.ends[0].router_id == plan.id else 1
    rate = (link.cap_mbps or 0) * _MEGABIT
    name = link_interface(link.id)
    plan.owners[index] = link.id
    plan.state.interfaces[index] = Interface(
        name, LINK_MACS[side], LINK_GROUP, link.up, checked=False, rate=rate
    )
    if not link.up:
        return
    for version in versions:
        far = FAR4 if version == AF_INET else FAR6
        plan.state.neighbours.add(Neighbour(index, far, LINK_MACS[1 - side]))
        plan.state.rules.add(PolicyRule(version, LINK_RULE, name, b"", 0, INBOUND_TABLE))


def encode_wire(link: Link, first: Mapping[str, int], second: Mapping[str, int]) -> Wire:
    """The wire of a link, from the interface indexes of its two routers."""
    name = link_interface(link.id)
    near, far = (
        (router_namespace(end.router_id), End(index[f"l:{link.id}"], name, mac, LINK_GROUP))
        for end, index, mac in zip(link.ends, (first, second), LINK_MACS, strict=True)
    )
    return Wire(link.id, near, far)


def encode_guest(endpoint: Endpoint, index: int) -> Plan:
    """The plan of an instance's own namespace: its addresses, and the router as its gateway."""
    number, name = _guest_interface(endpoint, index)
    plan = Plan(endpoint.id, owners={number: endpoint.id})
    mac = bytes.fromhex(endpoint.mac.replace(":", ""))
    plan.state.interfaces[number] = Interface(name, mac, 0, up=True, checked=False)
    for address in endpoint.addresses:
        gateway = GATEWAY4 if address.version == 4 else GATEWAY6
        anywhere = Destination(_VERSIONS[address.version], INBOUND_TABLE, bytes(len(gateway)), 0)
        plan.state.addresses.add(host(number, address.packed))
        plan.state.neighbours.add(Neighbour(number, gateway, ROUTER_MAC))
        plan.state.routes[anywhere] = over(number, gateway)
    return plan


@dataclass(slots=True)
class _Ways:
    """Turns hops into kernel routes."""

    #: Endpoints that have an interface.
    endpoints: Mapping[str, Endpoint]
    #: Links of the router.
    links: Mapping[str, Link]
    #: Interface indexes.
    index: Mapping[str, int]
    #: Uplinks that carry packets.
    uplinks: Mapping[str, Uplink]
    #: Links that routes with several paths look at, by now.
    watched: set[str] = field(default_factory=set)
    #: Whether a route leads to the router's own name server, by now.
    resolves: bool = False

    def expand(self, fib: Fib, table: int) -> Iterator[tuple[Destination, Way]]:
        """All routes of a table, the longest match among them meaning what the longest match in the fib means."""
        best = Lookup(fib)
        for endpoint in self.endpoints.values():
            for address in endpoint.addresses:
                entry = best.find(address)
                if entry is not None and entry.hop in {ToSubnet(endpoint.subnet_id), ToEndpoint(endpoint.id)}:
                    packed = address.packed
                    host = Destination(_VERSIONS[address.version], table, packed, len(packed) * 8)
                    yield host, over(self.index[f"e:{endpoint.id}"])
        for entry in fib.entries:
            yield _destination(entry.prefix, table), self._way(entry)

    def _forwards(self, endpoint_id: str, version: int) -> bool:
        """Whether an endpoint takes packets of an IP version that are for others."""
        endpoint = self.endpoints.get(endpoint_id)
        return (
            endpoint is not None
            and endpoint.forwards
            and any(address.version == version for address in endpoint.addresses)
        )

    def _way(self, entry: FibEntry) -> Way:
        far = _FAR[entry.prefix.version]
        match entry.hop:
            case ToLink(link_id) if link_id in self.links and self.links[link_id].up:
                return over(self.index[f"l:{link_id}"], far)
            case ToLinks() as spread:
                return self._spread(spread, far)
            case ToUplink(uplink_id):
                return self.out(uplink_id, entry.prefix)
            case ToResolver():
                self.resolves = True
                return HERE
            case ToEndpoint(endpoint_id) if self._forwards(endpoint_id, entry.prefix.version):
                return over(self.index[f"e:{endpoint_id}"], far)
            case _:
                pass
        return DISCARD

    def out(self, uplink_id: str, prefix: Prefix) -> Way:
        """Out of the network by an uplink; nowhere when it carries nothing."""
        uplink = self.uplinks.get(uplink_id)
        return DISCARD if uplink is None else way_out(uplink, self.index[f"u:{uplink_id}"], prefix)

    def _spread(self, spread: ToLinks, gateway: bytes) -> Way:
        """Over all the paths that are usable now; those that only stand by share alike."""
        self.watched.update(path.link_id for path in spread.paths)
        live = spread.live(self.links)
        hops = [
            NextHop(self.index[f"l:{path.link_id}"], gateway, max(1, path.weight) if len(live) > 1 else 1)
            for path in live
        ]
        return Way(tuple(sorted(hops))) if hops else DISCARD


def _add_way_back(plan: RouterPlan, router: Router, ways: _Ways) -> None:
    """What the source check of IPv4 looks at: each instance's addresses, whatever the tables say of them.

    A router's own packets go by the same table; a border router's also to where its table leads. What a health check asks over
    an uplink is beyond that uplink, whatever the tables say.
    """
    plan.state.rules.add(PolicyRule(AF_INET, BACK_RULE, "lo", b"", 0, BACK_TABLE))
    for uplink in ways.uplinks.values():
        if uplink.fib_id is not None:
            for destination, way in ways.expand(router.fibs[uplink.fib_id], BACK_TABLE):
                if destination.version == AF_INET:
                    plan.state.routes.setdefault(destination, way)
    for link in ways.links.values():
        if link.check is not None and link.check.router_id == router.id and link.check.via in ways.uplinks:
            target = ip_network(link.check.target)
            plan.state.routes[_destination(target, BACK_TABLE)] = ways.out(link.check.via, target)
    plan.state.routes.setdefault(Destination(AF_INET, BACK_TABLE, bytes(4), 0), DISCARD)
    for endpoint in ways.endpoints.values():
        for address in endpoint.addresses:
            if address.version == 4:
                destination = Destination(AF_INET, BACK_TABLE, address.packed, 32)
                plan.state.routes[destination] = over(ways.index[f"e:{endpoint.id}"])


def _add_tables(plan: RouterPlan, router: Router, ways: _Ways, versions: tuple[int, ...]) -> None:
    tables = numbers(router.fibs)
    for fib, table in [
        (router.inbound, INBOUND_TABLE),
        *((router.fibs[id], tables[id]) for id in router.fibs),
    ]:
        for version in versions:  # a table without an answer would let the next rule decide
            plan.state.routes[Destination(version, table, bytes(4 if version == AF_INET else 16), 0)] = (
                DISCARD
            )
        for destination, way in ways.expand(fib, table):
            if destination.version in versions and (way != DISCARD or destination not in plan.state.routes):
                plan.state.routes[destination] = way
    if ways.resolves:
        plan.state.addresses.add(host(_LOOPBACK, RESOLVER4.packed, HOST_SCOPE))


def _add_rules(plan: RouterPlan, router: Router, ways: _Ways, versions: tuple[int, ...]) -> None:
    tables = numbers(router.fibs)
    for uplink in ways.uplinks.values():
        add_uplink_rules(plan, uplink, tables, versions)
    for subnet in router.subnets.values():
        for prefix in subnet.prefixes:
            version, network = _VERSIONS[prefix.version], prefix.network_address.packed
            rule = PolicyRule(version, SUBNET_RULE, "", network, prefix.prefixlen, tables[subnet.fib_id])
            plan.state.rules.add(rule)
    for endpoint in ways.endpoints.values():
        if endpoint.forwards:
            table = tables[router.subnets[endpoint.subnet_id].fib_id]
            for version in versions:
                name = endpoint_interface(endpoint.id)
                plan.state.rules.add(PolicyRule(version, GATEWAY_RULE, name, b"", 0, table))


def _destination(prefix: Prefix, table: int) -> Destination:
    return Destination(_VERSIONS[prefix.version], table, prefix.network_address.packed, prefix.prefixlen)
