"""The main job, end to end: two accounts peer their VPCs and talk, with real packets where this machine can carry them.

`make demo` runs it. It starts a Peerway of its own in a temporary folder, tells each step, ends with the figures, and leaves
nothing behind. The exit status is 0 when all was as it must be.
"""

import os
import statistics
import sys
import time

from installation import Installation, Item
from network import TCP_PORT, Site
from scenario import scenario
from story import Story

#: Cap of the connection between the regions, Mbit/s.
CAP_MBPS = 100
#: How much is sent over it, bytes.
TRANSFER_BYTES = 25 << 20
UDP_PORT, CLOSED_PORT = 7000, 8080


def run(story: Story, peerway: Installation) -> None:
    """All steps, in order."""
    who = "root" if os.geteuid() == 0 else "an ordinary user"
    story.tell(f"It listens at {peerway.url}; the data plane is `{peerway.dataplane}`, run by {who}.")
    near, middle, far = make_sites(story, peerway)
    link = connect(story, peerway, near, middle)
    carry(story, peerway, near, middle)
    inner = connect_inside(story, peerway, middle, far)
    try_transit(story, peerway, (near, middle, far), (link, inner))
    try_filter(story, peerway, near, middle)
    cut(story, peerway, near, middle, link)
    measure_accept(story, peerway, near, middle)


def make_sites(story: Story, peerway: Installation) -> tuple[Site, Site, Site]:
    """Two accounts and their networks."""
    story.step("Two accounts, three VPCs in two regions")
    blue, green = peerway.account("blue"), peerway.account("green")
    near = Site(blue, "shop", "cn-hangzhou", 1)
    middle = Site(green, "office", "cn-shanghai", 2)
    far = Site(green, "archive", "cn-shanghai", 3)
    for site in (near, middle, far):
        site.allow("icmp")
        site.allow("tcp", TCP_PORT)
        site.allow("udp", UDP_PORT)
        site.owner.settled(f"/instances/{site.instance['id']}")
        story.tell(
            f"{site.owner.name} ({site.owner.uid}) has {site.name} {site.cidr} in {site.vpc['region_id']},"
            f" with an instance at {site.address}"
        )
    peerway.sync()
    story.must(not near.answered(middle), f"{near.name} can't reach {middle.name}: nothing joins them yet")
    return near, middle, far


def request(near: Site, middle: Site, **options: object) -> Item:
    """Ask for a connection."""
    return near.owner.make(
        "/peerings",
        name=f"{near.name}-{middle.name}",
        vpc_id=near.vpc["id"],
        peer_uid=middle.owner.uid,
        peer_region_id=middle.vpc["region_id"],
        peer_vpc_id=middle.vpc["id"],
        bandwidth_mbps=CAP_MBPS,
        **options,
    )


def connect(story: Story, peerway: Installation, near: Site, middle: Site) -> Item:
    """One account asks, the other accepts, both write routes."""
    story.step(f"{near.owner.name} asks {middle.owner.name} for a connection")
    link = request(near, middle)
    story.tell(f"{link['id']}: {link['state_name']}, {CAP_MBPS} Mbit/s, waits until {link['expires_at']}")
    seen = [item["id"] for item in middle.owner.client.pages("/peerings", state="pending")]
    story.must(seen == [link["id"]], f"{middle.owner.name} finds the request in its list")
    middle.owner.client.act(f"/peerings/{link['id']}/accept")
    link = near.owner.settled(f"/peerings/{link['id']}")
    story.must(link["state"] == "active", f"{middle.owner.name} accepts, and it is {link['state_name']}")
    peerway.sync()
    story.must(not near.answered(middle), "nothing flows yet: neither side has a route")
    near.route(middle.cidr, link)
    middle.route(near.cidr, link)
    peerway.sync()
    story.tell(f"{near.name} routes {middle.cidr} and {middle.name} routes {near.cidr} over it")
    return link


def carry(story: Story, peerway: Installation, near: Site, middle: Site) -> None:
    """Ping and TCP over the connection between the regions."""
    story.step("Packets cross")
    answer = near.owner.probe(near.instance, middle.address, count=20)
    if not peerway.real:
        story.must(
            answer["answered"] == 20,
            f"{middle.address} would answer {near.address} (predicted; nothing was sent)",
        )
        story.must(middle.answered(near), f"{near.address} would answer {middle.address}")
        story.leave_out("throughput and round trip times")
        return
    story.must(
        answer["answered"] == 20,
        f"{answer['answered']} of 20 pings from {near.address} to {middle.address} came back",
    )
    times = [result["round_trip_ms"] for result in answer["results"] if result["round_trip_ms"] is not None]
    if times:
        story.figure("round trip, median of 20 pings", f"{statistics.median(times):.3f} ms")
    story.must(middle.answered(near), "and in the other direction, too")
    sent, got = transfer(near, middle, "--digest", "--bytes", str(TRANSFER_BYTES))
    story.must(
        sent["digest"] == got["digest"],
        f"a TCP transfer of {got['bytes'] / 1e6:.1f} MB arrived unchanged (SHA-256 {got['digest'][:16]}…)",
    )
    rate = mbps(got)
    story.must(
        0.85 * CAP_MBPS < rate < 1.03 * CAP_MBPS, f"at {rate:.1f} Mbit/s of data under the cap of {CAP_MBPS}"
    )
    story.figure(
        f"TCP across regions, capped at {CAP_MBPS} Mbit/s", f"{rate:.1f} Mbit/s ({got['bytes'] / 1e6:.1f} MB)"
    )


def transfer(source: Site, target: Site, *how: str) -> tuple[Item, Item]:
    """Send over TCP between programs in two instances: what the sender and the receiver say of it."""
    digest = ["--digest"] if "--digest" in how else []
    receiver = target.owner.run(target.instance, "tcp-receive", str(TCP_PORT), *digest)
    receiver.next()
    sender = source.owner.run(source.instance, "tcp-send", target.address, str(TCP_PORT), *how)
    return sender.next(), receiver.next()


def mbps(got: Item) -> float:
    """Mbit/s of data that a receiver saw."""
    return float(got["bytes"] * 8 / got["seconds"] / 1e6)


def connect_inside(story: Story, peerway: Installation, middle: Site, far: Site) -> Item:
    """A connection within one account and region: accepted at once, uncapped, its routes written by the system."""
    story.step(f"{middle.owner.name} joins its own {middle.name} and {far.name}")
    made = middle.owner.make(
        "/peerings", name="inside", vpc_id=middle.vpc["id"], peer_vpc_id=far.vpc["id"], auto_routes=True
    )
    inner = middle.owner.settled(f"/peerings/{made['id']}")
    peerway.sync()
    story.must(
        inner["state"] == "active",
        "one account, one region: active without acceptance, no cap, routes by the system",
    )
    story.must(
        middle.answered(far) and far.answered(middle), f"{middle.name} and {far.name} reach each other"
    )
    if peerway.real:
        _, got = transfer(middle, far, "--seconds", "2")
        story.figure(
            "TCP within a region, uncapped", f"{mbps(got):,.0f} Mbit/s ({got['bytes'] / 1e6:,.0f} MB)"
        )
        story.tell(f"{got['bytes'] / 1e6:,.0f} MB of TCP in 2 s: {mbps(got):,.0f} Mbit/s")
    return inner


def try_transit(
    story: Story, peerway: Installation, sites: tuple[Site, Site, Site], links: tuple[Item, Item]
) -> None:
    """Peering is not transitive, whatever routes there are (PEER-7)."""
    near, middle, far = sites
    story.step(f"{middle.name} is no bridge")
    near.route(far.cidr, links[0])
    far.route(near.cidr, links[1])
    peerway.sync()
    story.tell(f"{near.name} and {far.name} route to each other through {middle.name}")
    reached = near.answered(far, count=3) or far.answered(near, count=3)
    story.must(not reached, f"and still can't reach each other ({near.address} and {far.address})")
    story.must(near.answered(middle) and far.answered(middle), f"while both reach {middle.name}")


def try_filter(story: Story, peerway: Installation, near: Site, middle: Site) -> None:
    """A security group decides what gets in (NET-7)."""
    story.step("A security group says no")
    blocked = not near.answered(middle, protocol="tcp", port=CLOSED_PORT)
    story.must(blocked, f"TCP {CLOSED_PORT} from {near.name} to {middle.name} is dropped: no rule lets it in")
    middle.allow("tcp", CLOSED_PORT)
    peerway.sync()
    allowed = near.answered(middle, protocol="tcp", port=CLOSED_PORT)
    story.must(allowed, f"{middle.owner.name} adds a rule, and the same connection gets its answer")


def cut(story: Story, peerway: Installation, near: Site, middle: Site, link: Item) -> None:
    """The accepter deletes the connection; traffic stops at once (PEER-4)."""
    story.step(f"{middle.owner.name} deletes the connection")
    path = f"/peerings/{link['id']}"
    if not peerway.real:
        middle.owner.client.delete(path)
        middle.owner.gone(path)
        peerway.sync()
        story.must(not near.answered(middle), f"{middle.address} would not answer any more")
        story.leave_out("how fast traffic stops")
        return
    echo = middle.owner.run(middle.instance, "udp-echo", str(UDP_PORT))
    echo.next()
    prober = near.owner.run(near.instance, "udp-probe", middle.address, str(UDP_PORT))
    prober.next()
    prober.next()
    time.sleep(0.3)
    story.tell(f"{near.name} sends {middle.name} a datagram every 0.2 ms and gets its answers")
    middle.owner.client.delete(path)
    deleted = time.monotonic()
    middle.owner.gone(path)
    time.sleep(0.3)
    end = prober.finish()
    echo.stop()
    after_ms = (end["last"] - deleted) * 1000
    story.must(
        after_ms < 1000,
        f"{end['answered']:,} answers came; the last one {when(after_ms, 'the delete returned')}",
    )
    story.figure("last packet", when(after_ms, "the delete returned"))
    routes = near.owner.client.pages(f"/route-tables/{near.vpc['system_table_id']}/entries")
    left = [entry["destination"] for entry in routes if entry["next_hop_id"] == link["id"]]
    story.must(not left, "the routes over it are gone, too")
    story.must(not near.answered(middle), f"{middle.name} can't be reached any more")


def measure_accept(story: Story, peerway: Installation, near: Site, middle: Site) -> None:
    """Ask again, with routes by the system, and measure from the acceptance to the first packet."""
    story.step(f"{near.owner.name} asks again, with routes written by the system on acceptance")
    link = request(near, middle, auto_routes=True)
    path = f"/peerings/{link['id']}/accept"
    if not peerway.real:
        middle.owner.client.act(path)
        peerway.sync()
        story.must(
            near.answered(middle), f"{middle.owner.name} accepts: {middle.address} would answer at once"
        )
        story.leave_out("time from acceptance to the first packet")
        return
    echo = middle.owner.run(middle.instance, "udp-echo", str(UDP_PORT))
    echo.next()
    prober = near.owner.run(near.instance, "udp-probe", middle.address, str(UDP_PORT))
    prober.next()
    time.sleep(0.3)
    middle.owner.client.act(path)
    accepted = time.monotonic()
    first_ms = (prober.next()["first"] - accepted) * 1000
    prober.finish()
    echo.stop()
    story.must(
        first_ms < 1000,
        f"{middle.owner.name} accepts; the first answer crosses both ways {when(first_ms, 'the acceptance returned')}",
    )
    story.figure("first packet there and back", when(first_ms, "the acceptance returned"))


def when(after_ms: float, what: str) -> str:
    """A time beside an event, in words."""
    return f"{abs(after_ms):.1f} ms {'after' if after_ms >= 0 else 'before'} {what}"


if __name__ == "__main__":
    sys.exit(scenario(__doc__, run))
