"""A load balancer and a database, reached from another account's VPC over a peer connection.

python examples/services.py
"""

import os
import sys

import postgres
from installation import Installation, Item
from network import Site
from scenario import scenario
from story import Story

PORT = 8080


def run(story: Story, peerway: Installation) -> None:
    """All steps, in order."""
    story.step("Two accounts' VPCs, peered and routed")
    shop = Site(peerway.account("blue"), "shop", "cn-hangzhou", 1)
    office = Site(peerway.account("green"), "office", "cn-hangzhou", 2)
    for site in (shop, office):
        site.allow("tcp", PORT)
        site.owner.settled(f"/instances/{site.instance['id']}")
    peer(shop, office)
    story.tell(f"{shop.name} {shop.cidr} and {office.name} {office.cidr} reach each other")
    balance(story, peerway, shop, office)
    store(story, peerway, shop, office)


def peer(one: Site, other: Site) -> None:
    """A connection between the two, with routes on both sides."""
    link = one.owner.make(
        "/peerings",
        vpc_id=one.vpc["id"],
        peer_vpc_id=other.vpc["id"],
        peer_uid=other.owner.uid,
        auto_routes=True,
    )
    other.owner.client.act(f"/peerings/{link['id']}/accept")
    one.owner.settled(f"/peerings/{link['id']}")


def balance(story: Story, peerway: Installation, shop: Site, office: Site) -> None:
    """One address for two instances; one that gets no share any more is left out."""
    story.step("A load balancer in the office, with two instances behind it")
    owner = office.owner
    made = owner.make("/instances", vswitch_id=office.vswitch["id"], name="second")
    second = owner.settled(f"/instances/{made['id']}")
    made = owner.make("/load-balancers", vswitch_id=office.vswitch["id"], name="front")
    balancer = owner.settled(f"/load-balancers/{made['id']}")
    # Nothing listens in these instances: a refused connection comes back all the same, and says that it got there.
    listener = owner.make(f"/load-balancers/{balancer['id']}/listeners", protocol="tcp", port=80, check=False)
    backends = [
        owner.make(f"/listeners/{listener['id']}/backends", instance_id=instance["id"], port=PORT)
        for instance in (office.instance, second)
    ]
    peerway.sync()
    story.must(asked(shop, balancer), f"{shop.address} reaches {balancer['address']}:80, whichever answers")
    for backend in backends:
        owner.client.change(f"/backends/{backend['id']}", {"weight": 0})
    peerway.sync()
    story.must(not asked(shop, balancer), "with no share for either instance, nobody answers")


def asked(shop: Site, balancer: Item) -> bool:
    """Whether the load balancer's port 80 answers the shop."""
    answer = shop.owner.probe(shop.instance, balancer["address"], protocol="tcp", port=80, count=3)
    return bool(answer["answered"] == 3)


def store(story: Story, peerway: Installation, shop: Site, office: Site) -> None:
    """A database that lets the shop in, and nobody else."""
    story.step("A database in the office, whose whitelist has the shop")
    owner = office.owner
    made = owner.make("/databases", vswitch_id=office.vswitch["id"], name="orders", whitelist=[shop.cidr])
    database = owner.settled(f"/databases/{made['id']}")
    peerway.sync()
    where = f"{database['address']}:{database['port']}"
    story.must(reached(shop, database), f"{shop.address} reaches {where}")
    story.must(
        not reached(office, database), f"{office.address}, in the same VPC, does not: it is not on the list"
    )
    folder = postgres.programs() if peerway.real and os.geteuid() == 0 else None
    if folder is None:
        story.leave_out("a real PostgreSQL: that takes real packets, root, and Debian's package postgresql")
    else:
        with postgres.serving(owner, database, folder):
            seen = postgres.ask(
                shop.owner, shop.instance, database["address"], "SELECT host(inet_client_addr())"
            )
            story.must(seen == shop.address, f"PostgreSQL answers the shop's query, and sees it as {seen}")
    owner.client.change(f"/databases/{database['id']}", {"whitelist": []})
    peerway.sync()
    story.must(not reached(shop, database), "taken off the whitelist, the shop does not get in any more")


def reached(site: Site, database: Item) -> bool:
    """Whether a connection to the database's port gets there and back."""
    target, port = database["address"], database["port"]
    return bool(site.owner.probe(site.instance, target, protocol="tcp", port=port)["answered"])


if __name__ == "__main__":
    sys.exit(scenario(__doc__, run))
