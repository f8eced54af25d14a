"""A customer's office reaches its VPC in another region by a leased line of its own (Express Connect: own line).

python examples/own_line.py
"""

import sys

from installation import Installation
from line import LOCAL, OFFICE, PEER, build_line, join_line, make_site
from place import Place
from scenario import scenario
from story import Story


def run(story: Story, peerway: Installation) -> None:
    """All steps, in order."""
    if not peerway.real:
        story.leave_out("the line: its far end is on this host, and nothing carries packets there")
        return
    story.step("A customer with a VPC and an office")
    blue = peerway.account("blue")
    site = make_site(blue, "cn-shenzhen")
    office = Place(peerway, "office", OFFICE)
    story.tell(f"{site.name} {site.cidr} is in {site.vpc['region_id']}; the office has {office.address}")
    story.step("A leased line")
    line = build_line(story, peerway, blue, office)
    story.step("A border router for one VLAN of the line")
    vbr = blue.make(
        "/vbrs", line_id=line["id"], vlan=100, local_gateway=f"{LOCAL}/30", peer_gateway=PEER, name="edge"
    )
    vbr = blue.settled(f"/vbrs/{vbr['id']}")
    story.must(
        vbr["state"] == "active", f"{vbr['id']}: VLAN {vbr['vlan']}, {LOCAL} here, {PEER} in the office"
    )
    join_line(story, peerway, blue, vbr, site, office)


if __name__ == "__main__":
    sys.exit(scenario(__doc__, run))
