"""A leased line from a customer's office to a VPC: what the scenarios with an own line and with a partner's share."""

from installation import Account, Installation, Item
from network import Site, connect, interface
from place import Place
from story import Story

#: Where lines come in.
ACCESS_REGION = "cn-hangzhou"
#: The host in the office, and its range.
OFFICE, OFFICE_RANGE = "192.168.7.7", "192.168.0.0/16"
#: The two ends of the transfer network on the line.
LOCAL, PEER = "172.30.0.1", "172.30.0.2"


def build_line(story: Story, peerway: Installation, customer: Account, office: Place) -> Item:
    """A line from the application to the day it is enabled; who does what."""
    operator = peerway.operator
    points = customer.client.pages("/access-points", region_id=ACCESS_REGION)
    point = next(point for point in points if point["status"] == "recommended")
    line = customer.make(
        "/physical-connections",
        access_point_id=point["id"],
        line_operator=point["operators"][0],
        peer_location="Main Street 1",
    )
    path = f"/physical-connections/{line['id']}"
    story.tell(f"{customer.name} applies for {line['id']} at {point['name_en']}: {line['state']}")
    operator.client.act(f"{path}/approve", {"room": point["location"], "contact": "the duty engineer"})
    operator.client.act(f"{path}/allocate", {"port": office.port})
    story.tell("the operator approves, with address and contact, and names the port")
    customer.client.act(f"{path}/loa", {"loa": "Example Ltd., two technicians, Tuesday"})
    customer.client.act(f"{path}/confirm")
    operator.client.act(f"{path}/enable")
    line = customer.settled(path)
    story.must(
        line["state"] == "enabled", "it is built, confirmed by the customer and enabled by the operator"
    )
    return line


def join_line(
    story: Story, peerway: Installation, owner: Account, vbr: Item, site: Site, office: Place
) -> None:
    """The border router joined to the VPC, routes everywhere, and packets both ways."""
    story.step(
        "Router interfaces join the border router and the VPC; only the border router's side may connect"
    )
    region = vbr["region_id"]
    spec = "Large.2" if site.vpc["region_id"] == region else "Middle.1"
    near = interface(owner, vbr["id"], "initiator", site.vpc["region_id"], spec=spec)
    far = interface(site.owner, site.vpc["router_id"], "acceptor", region)
    near, far = connect((owner, near), (site.owner, far))
    story.must(near["state"] == far["state"] == "active", f"{near['id']} and {far['id']} are active")
    story.step("Routes: at the border router both ways, at the VPC to the office, in the office to the VPC")
    table = f"/route-tables/{vbr['route_table_id']}/entries"
    owner.make(table, destination=site.cidr, next_hop="router_interface", next_hop_id=near["id"])
    owner.make(table, destination=OFFICE_RANGE, next_hop="line", next_hop_id=vbr["id"])
    site.route(OFFICE_RANGE, far)
    peerway.sync()
    office.route(site.cidr, LOCAL)
    answer = site.owner.probe(site.instance, OFFICE, count=3)
    story.must(answer["answered"] == 3, f"{site.name}'s {site.address} reaches the office's {OFFICE}")
    story.must(office.reaches(site.address), "and the office reaches the VPC")


def make_site(owner: Account, region: str) -> Site:
    """The VPC that the office wants to reach."""
    site = Site(owner, "shop", region, 1)
    site.allow("icmp")
    owner.make(
        f"/security-groups/{site.group['id']}/rules",
        direction="ingress",
        protocol="icmp",
        remote_cidr=OFFICE_RANGE,
    )
    owner.settled(f"/instances/{site.instance['id']}")
    return site
