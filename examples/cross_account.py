"""Two accounts' VPCs, joined by router interfaces: each account makes and routes its own side (Express Connect: across accounts).

python examples/cross_account.py
"""

import sys

from installation import Installation
from network import Site, join
from scenario import scenario
from story import Story


def run(story: Story, peerway: Installation) -> None:
    """All steps, in order."""
    story.step("Two VPCs")
    one = Site(peerway.account("blue"), "shop", "cn-hangzhou", 1)
    other = Site(peerway.account("green"), "office", "cn-shanghai", 2)
    for site in (one, other):
        site.allow("icmp")
        site.owner.settled(f"/instances/{site.instance['id']}")
        story.tell(f"{site.owner.name} has {site.name} {site.cidr} in {site.vpc['region_id']}")
    story.step("A router interface on each side, each naming the other; the initiator connects")
    initiator, acceptor = join(one, other, "Small.5")
    story.must(
        initiator["state"] == acceptor["state"] == "active",
        f"{initiator['id']} ({initiator['spec']}) and {acceptor['id']} ({acceptor['spec']}) are active",
    )
    story.must(initiator["connected_at"] == acceptor["connected_at"], "and share one time of connection")
    peerway.sync()
    story.must(not one.answered(other), "nothing flows yet: neither router has a route")
    story.step("A route on each side")
    one.route(other.cidr, initiator)
    other.route(one.cidr, acceptor)
    peerway.sync()
    story.must(
        one.answered(other) and other.answered(one), f"{one.address} and {other.address} reach each other"
    )
    story.step("The acceptor switches its side off, and on again")
    other.owner.client.act(f"/router-interfaces/{acceptor['id']}/deactivate")
    other.owner.settled(f"/router-interfaces/{acceptor['id']}")
    peerway.sync()
    story.must(not one.answered(other), "while one side is inactive, nothing passes")
    other.owner.client.act(f"/router-interfaces/{acceptor['id']}/activate")
    other.owner.settled(f"/router-interfaces/{acceptor['id']}")
    peerway.sync()
    story.must(one.answered(other), "with both active, packets pass again")


if __name__ == "__main__":
    sys.exit(scenario(__doc__, run))
