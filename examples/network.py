"""The networks of the examples: sites, and router interfaces that join them."""

from typing import Final

from installation import Account, Item

#: Port of the examples' TCP programs.
TCP_PORT = 5001
#: Kinds of next hops by the prefixes of ids.
HOPS: Final = {"pcc": "peering", "ri": "router_interface", "i": "instance"}


class Site:
    """A VPC with a VSwitch, a security group and an instance."""

    def __init__(self, owner: Account, name: str, region: str, number: int) -> None:
        self.owner = owner
        self.name = name
        self.cidr = f"10.{number}.0.0/16"
        self.vpc = owner.make("/vpcs", name=name, region_id=region, cidr=self.cidr)
        zones = {item["id"]: item["zones"] for item in owner.client.pages("/regions")}
        self.vswitch = owner.make(
            "/vswitches",
            vpc_id=self.vpc["id"],
            zone_id=zones[region][0],
            cidr=f"10.{number}.1.0/24",
            name=name,
        )
        self.group = owner.make("/security-groups", vpc_id=self.vpc["id"], name=name)
        self.instance = owner.make(
            "/instances", vswitch_id=self.vswitch["id"], name=name, security_group_ids=[self.group["id"]]
        )

    @property
    def address(self) -> str:
        """The instance's address."""
        return str(self.instance["ipv4"])

    def allow(self, protocol: str, port: int | None = None) -> None:
        """Let something in from the other sites."""
        self.owner.make(
            f"/security-groups/{self.group['id']}/rules",
            direction="ingress",
            protocol=protocol,
            port_range=None if port is None else f"{port}/{port}",
            remote_cidr="10.0.0.0/8",
        )

    def route(self, destination: str, hop: Item) -> None:
        """Send a range over a peer connection or a router interface, or to an instance."""
        self.owner.make(
            f"/route-tables/{self.vpc['system_table_id']}/entries",
            destination=destination,
            next_hop=HOPS[hop["id"].partition("-")[0]],
            next_hop_id=hop["id"],
        )

    def answered(self, other: "Site", **options: object) -> bool:
        """Whether the other site's instance answers this one's."""
        return bool(self.owner.probe(self.instance, other.address, **options)["answered"])


def interface(owner: Account, router_id: str, role: str, opposite_region: str, **fields: object) -> Item:
    """A router interface on a router, facing a region."""
    return owner.make(
        "/router-interfaces",
        router_id=router_id,
        role=role,
        opposite_region_id=opposite_region,
        **fields,
    )


def face(owner: Account, own: Item, opposite: Item) -> None:
    """Tell a router interface which one it is to be joined to."""
    owner.client.change(
        f"/router-interfaces/{own['id']}",
        {
            "opposite_interface_id": opposite["id"],
            "opposite_router_id": opposite["router_id"],
            "opposite_owner_uid": opposite["owner_uid"],
        },
    )


def join(one: Site, other: Site, spec: str) -> tuple[Item, Item]:
    """Two sites' routers joined by a pair of router interfaces, the first's as the initiator; both active."""
    regions = one.vpc["region_id"], other.vpc["region_id"]
    initiator = interface(one.owner, one.vpc["router_id"], "initiator", regions[1], spec=spec)
    acceptor = interface(other.owner, other.vpc["router_id"], "acceptor", regions[0])
    return connect((one.owner, initiator), (other.owner, acceptor))


def connect(initiator: tuple[Account, Item], acceptor: tuple[Account, Item]) -> tuple[Item, Item]:
    """Two router interfaces that name each other and are connected by the initiator; both active."""
    (one, ours), (other, theirs) = initiator, acceptor
    face(one, ours, theirs)
    face(other, theirs, ours)
    one.client.act(f"/router-interfaces/{ours['id']}/connect")
    return (
        one.settled(f"/router-interfaces/{ours['id']}"),
        other.settled(f"/router-interfaces/{theirs['id']}"),
    )
