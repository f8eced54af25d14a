"""A customer's office reaches its VPC by the line of a partner, who makes a border router for it (Express Connect: partner access).

python examples/partner_line.py
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
    story.step("A customer with a VPC and an office, and a partner with a line")
    customer, partner = peerway.account("customer"), peerway.account("partner")
    site = make_site(customer, "cn-hangzhou")
    office = Place(peerway, "office", OFFICE)
    line = build_line(story, peerway, partner, office)
    story.step("The partner makes a border router for the customer")
    vbr = partner.make(
        "/vbrs",
        line_id=line["id"],
        vlan=200,
        local_gateway=f"{LOCAL}/30",
        peer_gateway=PEER,
        owner_uid=customer.uid,
    )
    story.tell(f"{vbr['id']} is {vbr['state']}: it is the customer's, who has yet to agree")
    customer.client.act(f"/vbrs/{vbr['id']}/confirm")
    vbr = customer.settled(f"/vbrs/{vbr['id']}")
    story.must(vbr["state"] == "active", "the customer confirms it, and it is active")
    join_line(story, peerway, customer, vbr, site, office)


if __name__ == "__main__":
    sys.exit(scenario(__doc__, run))
