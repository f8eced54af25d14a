"""What stops packets, told all at once; what would lift it; and a change that is refused before it cuts anybody off.

python examples/path_analysis.py
"""

import sys
from typing import Final

from installation import PATIENCE_S, Account, Installation, Item
from network import Site
from scenario import scenario
from story import Story

from peerway.cli.errors import Refused
from peerway.cli.waiting import wait_until

PORT: Final = 5432


def run(story: Story, peerway: Installation) -> None:
    """All steps, in order."""
    story.step("Two accounts' VPCs, and a connection that somebody has left half done")
    shop = Site(peerway.account("blue"), "shop", "cn-hangzhou", 1)
    office = Site(peerway.account("green"), "office", "cn-hangzhou", 2)
    for site in (shop, office):
        site.owner.settled(f"/instances/{site.instance['id']}")
    link = ask_for_connection(shop, office)
    peerway.sync()
    story.must(not reached(shop, office), f"{shop.address} does not reach {office.address} on tcp/{PORT}")
    blame(story, peerway, shop, office)
    mend(story, peerway, shop, office, link)
    guard(story, peerway, shop, office, link)


def ask_for_connection(shop: Site, office: Site) -> Item:
    """A request that nobody has accepted yet."""
    return shop.owner.make(
        "/peerings", vpc_id=shop.vpc["id"], peer_vpc_id=office.vpc["id"], peer_uid=office.owner.uid
    )


def reached(shop: Site, office: Site) -> bool:
    """Whether a connection gets there and an answer back; a refusal, as nothing listens there, is one."""
    return shop.answered(office, protocol="tcp", port=PORT)


def analysed(asker: Account, shop: Site, office: Site) -> Item:
    """What an account is told of the way from the shop to the office, with fixes that were tried."""
    target = office.address if asker is shop.owner else office.instance["id"]
    question = {"source": shop.instance["id"], "target": target, "protocol": "tcp", "port": PORT}
    asked = asker.client.create("/analyses", {**question, "fixes": True})
    path = f"/analyses/{asked['id']}"
    answer = wait_until(asker.client, path, PATIENCE_S, lambda item: item["state"] != "pending")
    result: Item = answer["result"]
    return result


def blame(story: Story, peerway: Installation, shop: Site, office: Site) -> None:
    """All that stops the packets, as an operator and as one of the accounts sees it."""
    story.step("What stops it? The operator sees everything")
    seen = analysed(peerway.operator, shop, office)
    for blocker in seen["blockers"]:
        story.tell(f"{blocker['way']}: {blocker['text']}")
        for command in blocker["remedy"]["commands"]:
            story.tell(f"    {command}")
    story.must(
        (seen["verdict"], len(seen["blockers"])) == ("unreachable", 4),
        "four things at once: the connection, both routes, the office's group",
    )
    story.must(seen["fix"]["proposed"], "changed together they bring it about, and open nothing else")
    story.step(f"{shop.owner.name} sees its own side of it")
    told = analysed(shop.owner, shop, office)
    for blocker in told["blockers"]:
        story.tell(f"{blocker['way']}: {blocker['text']}")
    story.must(
        office.group["id"] not in str(told) and office.instance["id"] not in str(told),
        f"and nothing of what {office.owner.name} has behind it",
    )


def mend(story: Story, peerway: Installation, shop: Site, office: Site, link: Item) -> None:
    """Each account makes the changes that are its own, as one."""
    story.step("Each account does its part")
    office.owner.client.act(f"/peerings/{link['id']}/accept")
    shop.owner.settled(f"/peerings/{link['id']}")
    calls = analysed(peerway.operator, shop, office)["fix"]["calls"]
    for site in (shop, office):
        own = [call for call in calls if is_of(site, call)]
        done = site.owner.client.act("/changes", {"changes": own})["changes"]
        story.tell(f"{site.owner.name}: " + ", ".join(f"{call['method']} {call['path']}" for call in own))
        story.must(all(each["status"] == 201 for each in done), "made together, or not at all")
    peerway.sync()
    story.must(
        analysed(shop.owner, shop, office)["verdict"] == "reachable", "the analysis says that it gets through"
    )
    story.must(reached(shop, office), "and so it does")
    exact = peerway.operator.client.get(
        "/reachability", source=shop.instance["id"], target=office.instance["id"]
    )
    (only,) = exact["reach"]
    through = only["answered"]["text"]
    story.must(through == f"tcp {PORT}", f"exactly this gets through and nothing else: {through}")


def is_of(site: Site, call: Item) -> bool:
    """Whether a call changes something of the site's."""
    return any(id in call["path"] for id in (site.group["id"], site.vpc["system_table_id"]))


def guard(story: Story, peerway: Installation, shop: Site, office: Site, link: Item) -> None:
    """A deletion that is looked at first, then refused, then made by the other side."""
    path = f"/peerings/{link['id']}"
    story.step(f"What if {shop.owner.name} deleted the connection?")
    effect = shop.owner.client.delete(path, preview="true", force="true")
    lost = [change["lost"] for change in effect["reachability"]["changes"]]
    story.must(lost == [f"tcp {PORT}"], f"the preview says that it loses {', '.join(lost)}, and does nothing")
    story.step(f"{shop.owner.name} wants to keep it: an intent that refuses what breaks it")
    intent = shop.owner.make(
        "/intents",
        name="shop-needs-office",
        source=shop.instance["id"],
        target=f"{office.address}/32",
        expectation="reach",
        protocol="tcp",
        port_low=PORT,
        port_high=PORT,
        enforcement="refuse",
    )
    story.must(refused(story, shop, path), "so the deletion is refused, and packets go on")
    peerway.sync()
    story.must(reached(shop, office), "they do")
    story.step(f"{office.owner.name} may end it all the same: it is its connection, too")
    office.owner.client.delete(path, force="true")
    office.owner.gone(path)
    broken = wait_until(
        shop.owner.client, f"/intents/{intent['id']}", PATIENCE_S, lambda item: item["state"] == "broken"
    )
    story.tell(broken["reason"]["text"])
    peerway.sync()
    story.must(not reached(shop, office), f"{shop.owner.name}'s intent says that it is broken, and why")


def refused(story: Story, shop: Site, path: str) -> bool:
    """Whether the shop's account is kept from deleting the connection."""
    try:
        shop.owner.client.delete(path, force="true")
    except Refused as error:
        story.tell(str(error))
        return bool(error.problem["code"] == "intent_broken")
    return False


if __name__ == "__main__":
    sys.exit(scenario(__doc__, run))
