"""A network of any size up to a large cloud's region, always the same one, as stored resources and in a store.

The full size is what path analysis is measured on: 10,000 VPCs, 100,000 instances, 20,000 links, and together 1,000,000 route
entries, security rules and ACL entries. Everything about a VPC follows from its number, so that any part can be named without
making the rest. Not all of it works: some links are down, some routes are missing, some rules drop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import Final

from tests.builders.borders import MADE_AT, OWNER, REGION
from tests.builders.topology import DROP, EGRESS, Topology, acl_entry

from peerway.app.store import Store, Writer
from peerway.domain.gateway import ExternalNetwork
from peerway.domain.peering import PeeringState
from peerway.domain.resource import Provisioning, Resource
from peerway.domain.route_table import RouteTable, TableKind
from peerway.domain.router_interface import InterfaceRole, InterfaceState
from peerway.domain.security import NetworkAcl, Protocol, SecurityGroup
from peerway.domain.vpc import Instance, Vpc, VSwitch

#: Most VPCs: each has a /24 of 10.0.0.0/8.
MOST_VPCS: Final = 1 << 16

#: Accounts, each with VPCs that follow one another.
ACCOUNTS: Final = 100

#: Of the entries of a VPC, how many in the hundred are routes and how many security rules; the others are ACL entries.
ROUTES, RULES = 40, 40

#: Security groups a VPC.
GROUPS: Final = 4

#: One link in so many is a pair of router interfaces, is down, or lacks its way back.
PAIRED, DOWN, ONE_WAY = 20, 40, 30

#: One VPC in so many has a NAT gateway, a load balancer and a database.
EQUIPPED: Final = 100

#: Resources stored in one transaction.
TOGETHER: Final = 20_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything. The default is the full size."""

    #: VPCs.
    vpcs: int = 10_000
    #: Instances a VPC, at most 200.
    instances_each: int = 10
    #: Links that a VPC begins; as many end at it.
    links_each: int = 2
    #: Route entries, security rules and ACL entries of a VPC together.
    entries_each: int = 100


@dataclass(frozen=True, slots=True)
class BigLink:
    """One link, by the numbers of what it joins."""

    #: Its place among all links.
    number: int
    #: VPC that began it.
    requester: int
    #: VPC at its other end.
    accepter: int

    @property
    def paired(self) -> bool:
        """Whether it is a pair of router interfaces; a peer connection otherwise."""
        return self.number % PAIRED == 7

    @property
    def up(self) -> bool:
        """Whether it carries packets."""
        return self.number % DOWN != 11

    @property
    def answered(self) -> bool:
        """Whether the VPC at its other end has a route back."""
        return self.number % ONE_WAY != 13

    def hop_at(self, vpc: int) -> str:
        """What the VPC's route entries call it."""
        if not self.paired:
            return big_id("pcc", self.requester, self.number)
        return big_id("ri", vpc, self.number)


def big_id(prefix: str, vpc: int, number: int) -> str:
    """The id of a VPC's thing of a kind, as long as ids are."""
    return f"{prefix}-{vpc:08d}{number:012d}"


def vpc_id(vpc: int) -> str:
    """The id of a VPC by its number."""
    return big_id("vpc", vpc, 0)


def vpc_range(vpc: int) -> IPv4Network:
    """The range of a VPC."""
    return IPv4Network(((10 << 24) + (vpc << 8), 24))


def instance_id(vpc: int, number: int) -> str:
    """The id of a VPC's instance, from 0."""
    return big_id("i", vpc, number)


def instance_address(vpc: int, number: int) -> IPv4Address:
    """The address of a VPC's instance: every other one is in the other VSwitch."""
    return vpc_range(vpc)[10 + number // 2 + 128 * (number % 2)]


def links(size: Size) -> Iterator[BigLink]:
    """All links."""
    for vpc in range(size.vpcs):
        yield from links_from(size, vpc)


def links_from(size: Size, vpc: int) -> Iterator[BigLink]:
    """The links that a VPC began: to the next one, and to others farther and farther away."""
    for place in range(size.links_each):
        number = vpc % size.vpcs * size.links_each + place
        yield BigLink(number, vpc % size.vpcs, (vpc + step(place)) % size.vpcs)


def links_at(size: Size, vpc: int) -> list[BigLink]:
    """All links of a VPC, its own first."""
    arriving = [
        link
        for place in range(size.links_each)
        for link in links_from(size, vpc - step(place))
        if link.number % size.links_each == place
    ]
    return [*links_from(size, vpc), *arriving]


def step(place: int) -> int:
    """How far away the VPC is that a VPC's link of that place leads to."""
    return 1 + 6 * place


def resources(size: Size = Size()) -> Iterator[Resource]:
    """Everything there is, VPC by VPC; the same at each call."""
    if size.vpcs > MOST_VPCS or size.vpcs <= 2 * step(size.links_each):
        raise ValueError(f"there can't be {size.vpcs} VPCs with {size.links_each} links each")
    yield outside()
    for vpc in range(size.vpcs):
        yield from _Part(size, vpc).build()


def fill_store(store: Store, size: Size = Size()) -> int:
    """Put everything into a store; how many resources that were."""
    made, count = resources(size), 0
    while together := list(islice(made, TOGETHER)):
        store.write(partial(_insert, resources=together))
        count += len(together)
    return count


def _insert(tx: Writer, *, resources: list[Resource]) -> None:
    for resource in resources:
        tx.insert(resource)


def outside() -> ExternalNetwork:
    """The one network outside, with a public address for every VPC that has a NAT gateway."""
    return ExternalNetwork(
        id=big_id("ext", 0, 0),
        owner_uid=OWNER,
        created_at=MADE_AT,
        region_id=REGION,
        port="netns:/run/netns/internet",
        pools=(IPv4Network("198.18.0.0/15"),),
    )


class _Part(Topology):
    """What stands at one VPC, and the links that it began."""

    def __init__(self, size: Size, number: int) -> None:
        super().__init__()
        self.size, self.number = size, number
        self.account = _account(size, number)
        self.home = self.neighbour(number)
        routes = size.entries_each * ROUTES // 100
        rules = size.entries_each * RULES // 100
        #: How many of each are wanted.
        self.counts = routes, rules, size.entries_each - routes - rules

    def build(self) -> Iterator[Resource]:
        """All of it."""
        self.put(self.home)
        tables = self.add_tables()
        acl = self.add_acl()
        halves = [
            self.vswitch(self.home, str(half), table=table, acl=bound)
            for half, table, bound in zip(vpc_range(self.number).subnets(), tables, (None, acl), strict=True)
        ]
        groups = [self.group(self.home, inner_access=number % 2 == 0) for number in range(GROUPS)]
        instances = self.add_instances(halves, groups)
        self.add_links()
        self.add_routes(tables, instances)
        self.add_rules(groups)
        if self.number % EQUIPPED == EQUIPPED // 2:
            self.add_equipment(halves, instances, tables[0])
        yield from self.resources.values()

    def neighbour(self, number: int) -> Vpc:
        """A VPC by its number."""
        cidr, account = vpc_range(number), _account(self.size, number)
        return Vpc(
            id=vpc_id(number),
            owner_uid=account,
            created_at=MADE_AT,
            region_id=REGION,
            name=f"vpc-{number}",
            cidr=cidr,
            router_id=big_id("vrt", number, 0),
            system_table_id=big_id("vtb", number, 0),
            state=Provisioning.AVAILABLE,
        )

    def add_tables(self) -> list[RouteTable]:
        """The system table and one of the tenant's own, which the second VSwitch uses."""
        kinds = TableKind.SYSTEM, TableKind.CUSTOM
        return [
            self.put(
                RouteTable(
                    id=big_id("vtb", self.number, place),
                    owner_uid=self.account,
                    created_at=MADE_AT,
                    vpc_id=self.home.id,
                    name=kind.value,
                    kind=kind,
                )
            )
            for place, kind in enumerate(kinds)
        ]

    def add_acl(self) -> NetworkAcl:
        """An ACL that drops a list of ranges and accepts what is left, one time in ten TCP only."""
        count = self.counts[2]
        dropped = [acl_entry(DROP, f"172.{16 + place % 16}.{place}.0/24") for place in range(count // 2 - 1)]
        last = acl_entry(protocol=Protocol.TCP if self.number % 10 == 3 else Protocol.ALL)
        return self.acl(self.home, [*dropped, last], [*dropped[: count - count // 2 - 1], last])

    def add_instances(self, halves: list[VSwitch], groups: list[SecurityGroup]) -> list[Instance]:
        """Instances by turns in both VSwitches, each in a group or two; every tenth one is in none."""
        made = []
        for number in range(self.size.instances_each):
            chosen = [groups[number % GROUPS], groups[number * 7 % GROUPS]][: 1 + number % 2]
            made.append(
                self.put(
                    Instance(
                        id=instance_id(self.number, number),
                        owner_uid=self.account,
                        created_at=MADE_AT,
                        vpc_id=self.home.id,
                        vswitch_id=halves[number % 2].id,
                        name=f"vm-{number}",
                        ipv4=instance_address(self.number, number),
                        mac="02:00:" + int(instance_address(self.number, number)).to_bytes(4, "big").hex(":"),
                        security_group_ids=tuple(sorted({group.id for group in chosen}))
                        if number != 9
                        else (),
                        source_dest_check=number != 8,
                        state=Provisioning.AVAILABLE,
                    )
                )
            )
        return made

    def add_links(self) -> None:
        """The links that this VPC began, with both interfaces of a pair."""
        for link in links_from(self.size, self.number):
            other = self.neighbour(link.accepter)
            if link.paired:
                state = InterfaceState.ACTIVE if link.up else InterfaceState.INACTIVE
                ids = [link.hop_at(vpc) for vpc in (link.requester, link.accepter)]
                initiator, acceptor = InterfaceRole.INITIATOR, InterfaceRole.ACCEPTOR
                self.interface(
                    self.home, initiator, other, state, id=ids[0], name="link", opposite_interface_id=ids[1]
                )
                self.interface(
                    other, acceptor, self.home, state, id=ids[1], name="link", opposite_interface_id=ids[0]
                )
            else:
                state = PeeringState.ACTIVE if link.up else PeeringState.SUSPENDED
                made = self.peering(self.home, other, state, groups=self.number % 10 == 0)
                self.remove(made)
                self.put(replace(made, id=link.hop_at(link.requester)))

    def add_routes(self, tables: list[RouteTable], instances: list[Instance]) -> None:
        """In both tables: the ranges at the other ends of the links, then networks beyond, then blackholes."""
        here = links_at(self.size, self.number)
        for number in range(self.counts[0]):
            table, place = tables[number % 2], number // 2
            link = here[place % len(here)] if here else None
            if link is not None and place < len(here):
                other = link.accepter if link.requester == self.number else link.requester
                if link.answered or link.requester == self.number:
                    self.route(table, vpc_range(other), link.hop_at(self.number))
                    continue
            beyond = IPv4Network(((192 << 24) + (168 << 16) + (place << 8), 24 - place % 3 + 2))
            hops = [
                None,
                instances[min(8, len(instances) - 1)].id if instances else None,
                link.hop_at(self.number) if link else None,
            ]
            self.route(table, beyond, hops[min(place % 8, 2)])

    def add_rules(self, groups: list[SecurityGroup]) -> None:
        """Each group accepts usual ports from near and far, drops some ranges, and names another group."""
        ports = (22, 80, 443, 3306, 5432, 6379, 8080, 9090)
        for number in range(self.counts[1]):
            group, place = groups[number % GROUPS], number // GROUPS
            port = ports[(place + number) % len(ports)]
            if place == 0:
                self.rule(group, "10.0.0.0/8", protocol=Protocol.TCP, ports=(1, 1024), priority=50)
            elif place == 1:
                self.rule(group, "10.0.0.0/8", protocol=Protocol.TCP, ports=(port, port), priority=10)
            elif place == 2:
                self.rule(group, "10.0.0.0/8", protocol=Protocol.ICMP, priority=10)
            elif place == 3:
                self.rule(group, groups[(number + 1) % GROUPS], protocol=Protocol.TCP, priority=20)
            elif place == 4 and number % GROUPS == 0 and self.number % 10 == 1:
                self.rule(group, self.group_of(self.number - 1), priority=20)
            elif place % 2:
                remote = f"10.{place}.{self.number % 256}.0/24"
                self.rule(
                    group, remote, action=DROP, priority=1, protocol=Protocol.TCP, ports=(port, port + 100)
                )
            elif place % 4:
                remote = f"192.168.{place}.0/24"
                self.rule(
                    group, remote, direction=EGRESS, action=DROP, protocol=Protocol.UDP, ports=(1, 1024)
                )
            else:
                remote = f"192.168.{place}.0/24"
                self.rule(group, remote, protocol=Protocol.TCP, ports=(port, port), priority=30)

    def group_of(self, number: int) -> SecurityGroup:
        """The first group of another VPC, as its number makes it."""
        other = self.neighbour(number)
        made = SecurityGroup(
            id=big_id("sg", number, 1),
            owner_uid=other.owner_uid,
            created_at=MADE_AT,
            vpc_id=other.id,
            name="",
        )
        return replace(made, name=made.id)

    def add_equipment(self, halves: list[VSwitch], instances: list[Instance], table: RouteTable) -> None:
        """A NAT gateway with the default route, a load balancer before two instances, a database."""
        network, first = outside(), instances[:2]
        public = str(IPv4Address((198 << 24) + (18 << 16) + self.number))
        gateway = self.nat_gateway(self.home, network, public)
        self.snat(gateway, str(vpc_range(self.number)), public)
        self.route(table, "0.0.0.0/0", gateway)
        self.listener(self.balancer(halves[0], 100), 80, *first)
        self.database(halves[0], "10.0.0.0/8", number=101)

    def new_id(self, prefix: str) -> str:
        """The next id of a kind at this VPC."""
        return big_id(prefix, self.number, self._next(prefix))


def _account(size: Size, vpc: int) -> str:
    """The account that has a VPC."""
    return str(int(OWNER) + vpc * ACCOUNTS // size.vpcs)
