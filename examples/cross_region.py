"""Two VPCs of one account in two regions, joined by router interfaces with a cap (Express Connect: across regions).

python examples/cross_region.py
"""

import sys

from installation import Installation
from network import Site, join
from scenario import scenario
from story import Story


def run(story: Story, peerway: Installation) -> None:
    """All steps, in order."""
    story.step("Two VPCs")
    owner = peerway.account("blue")
    one = Site(owner, "shop", "cn-beijing", 1)
    other = Site(owner, "office", "cn-shenzhen", 2)
    for site in (one, other):
        site.allow("icmp")
        site.owner.settled(f"/instances/{site.instance['id']}")
        story.tell(f"{site.owner.name} has {site.name} {site.cidr} in {site.vpc['region_id']}")
    story.step("A router interface on each side, each naming the other; the initiator connects")
    initiator, acceptor = join(one, other, "Small.2")
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
    story.step("A larger spec, while it carries packets")
    initiator = one.owner.client.change(f"/router-interfaces/{initiator['id']}", {"spec": "Middle.1"})
    initiator = one.owner.settled(f"/router-interfaces/{initiator['id']}")
    peerway.sync()
    story.must(initiator["spec"] == "Middle.1" and one.answered(other), "the cap is now 100 Mbit/s")


if __name__ == "__main__":
    sys.exit(scenario(__doc__, run))
