"""Short words for asking what packets do: a VPC with two instances, a border router's line, packets, requests."""

from ipaddress import ip_address

from peerway.fabric.model import Fabric
from peerway.fabric.outcomes import Check
from peerway.fabric.packets import Packet
from peerway.fabric.walk import Exchange, exchange, walk


class Site:
    """A VPC with a VSwitch and two instances, `a` and `b`."""

    def __init__(self, t, number=0, **fields):
        self.t = t
        self.vpc = t.vpc(f"10.{number}.0.0/16", **fields)
        self.vswitch = t.vswitch(self.vpc, f"10.{number}.1.0/24")
        self.a, self.b = t.instance(self.vswitch), t.instance(self.vswitch)


class Border:
    """A VPC and a customer's network 192.168.0.0/16 behind a border router, joined and routed both ways."""

    def __init__(self, t, site):
        self.t, self.site = t, site
        self.vbr, self.near = self.line()
        t.route(site.vpc, "192.168.0.0/16", self.near)

    def line(self, weight=None):
        """One more border router to the VPC."""
        vbr = self.t.vbr()
        far, near = self.t.pair(vbr, self.site.vpc)
        self.t.route(vbr, "192.168.0.0/16", vbr)
        self.t.route(vbr, self.site.vpc.cidr, far)
        return vbr, near


def packet(sender, target, protocol=6, port=80, *, source=None):
    """A packet from an instance, or by an uplink when `source` and the uplink's id are given."""
    if isinstance(sender, str):
        return Packet(ip_address(source), ip_address(target), protocol, port, sender)
    own = ip_address(source) if source else sender.ipv4
    return Packet(own, ip_address(str(target)), protocol, port, sender.id)


def fate(t, *args, **kwargs):
    """How a packet ends."""
    return walk(t.fabric(), packet(*args, **kwargs)).outcome


def ask(t, *args, **kwargs):
    """A request and its reply."""
    return exchange(t.fabric(), packet(*args, **kwargs))


def checks(walked):
    """What was looked at, in order."""
    return [step.check for step in walked.steps]


def is_certain(fabric: Fabric, told: Exchange) -> bool:
    """Whether neither the request nor the reply met a choice that the reference makes in its own way."""
    for walked in (told.request, told.reply):
        for step in walked.steps if walked else ():
            router = fabric.routers[step.router_id]
            if step.check is Check.SERVICE and len(router.services[step.subject].live) > 1:
                return False
            if step.check is Check.LINK and "+" in step.subject:
                return False
    return True
