"""Two VPCs share a self-built gateway: VPC 2 goes out by an instance of VPC 1 that masquerades (Express Connect: shared SNAT).

python examples/shared_snat.py
"""

import sys

from installation import Installation, Item
from network import Site, join
from place import Place
from scenario import scenario
from story import Story

REGION = "cn-hangzhou"
#: A host out there, and the public addresses of the region.
SERVER, POOL = "198.51.100.80", "203.0.113.0/29"
ANYWHERE = "0.0.0.0/0"
#: What a gateway does to what goes out; what stays among the VPCs passes as it is.
MASQUERADE = """
add table ip nat
add chain ip nat post { type nat hook postrouting priority 100; }
add rule ip nat post oifname "eth0" ip daddr != 10.0.0.0/8 masquerade
"""


def run(story: Story, peerway: Installation) -> None:
    """All steps, in order."""
    if not peerway.real:
        story.leave_out(
            "the way out: the internet of this example is on this host, and nothing carries packets there"
        )
        return
    story.step("The internet, and an outside network of the region that leads there")
    internet = Place(peerway, "internet", SERVER)
    peerway.operator.make("/external-networks", region_id=REGION, port=internet.port, pools=[POOL])
    story.tell(f"{SERVER} is out there; the region has the public addresses {POOL}")
    story.step("VPC 1 has a gateway with a public address; VPC 2 has nothing of the kind")
    owner = peerway.account("blue")
    one, two = Site(owner, "one", REGION, 1), Site(owner, "two", REGION, 2)
    gateway = make_gateway(one)
    eip = owner.make("/eips", region_id=REGION)
    owner.client.act(f"/eips/{eip['id']}/associate", {"target": "instance", "target_id": gateway["id"]})
    one.route(ANYWHERE, gateway)
    story.tell(
        f"{gateway['id']} masquerades as {gateway['ipv4']}, and {eip['address']} stands for it outside"
    )
    story.step("Router interfaces join them; VPC 2's default route leads to VPC 1")
    near, far = join(two, one, "Large.2")
    two.route(ANYWHERE, near)
    one.route(two.cidr, far)
    owner.settled(f"/instances/{two.instance['id']}")
    peerway.sync()
    for site in (one, two):
        answer = owner.probe(site.instance, SERVER, count=3)
        story.must(
            answer["answered"] == 3,
            f"{site.name}'s {site.address} reaches {SERVER}, and the answers come back",
        )


def make_gateway(site: Site) -> Item:
    """An instance that forwards and masquerades: a self-built SNAT gateway."""
    owner = site.owner
    made = owner.make("/instances", vswitch_id=site.vswitch["id"], name="gateway", source_dest_check=False)
    gateway = owner.settled(f"/instances/{made['id']}")
    owner.command(gateway, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    owner.command(gateway, "nft", MASQUERADE)
    return gateway


if __name__ == "__main__":
    sys.exit(scenario(__doc__, run))
