"""The way of a packet as a graph: what it passes, in order, and the links between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from peerway.api.alibaba.products.nis.product import PRODUCT
from peerway.api.clouds.call import AnyCall
from peerway.domain.vpc import Instance, VSwitch

#: A hop of the stored answer.
Hop = Mapping[str, Any]

INSTANCE: Final = "i-"
INTERFACE: Final = "eni-"
#: A way through another account's network.
ELSEWHERE: Final = "other-account"
#: Checks that are at a thing of their own, which the hop's subject is.
AT_SUBJECT: Final = frozenset({"service", "uplink", "destination_nat", "source_nat"})
#: Checks of tables.
TABLES: Final = frozenset({"route", "inbound_route"})


def topology_of(call: AnyCall, request: Sequence[Hop], reply: Sequence[Hop]) -> dict[str, Any]:
    """The graphs there and back."""
    there, back = _Graph(call, "matchedRoute", "nextHopSet"), _Graph(call, "revMatchedRoute", "revNextHopSet")
    there.follow(request)
    back.follow(reply)
    return {
        "positive": {"linkList": there.links(), "nodeList": there.nodes()},
        "reverse": {"revLinkList": back.links(), "revNodeList": back.nodes()},
    }


def interface_of(id: str) -> str:
    """The interface of an instance; of anything else, the thing itself."""
    return INTERFACE + id.removeprefix(INSTANCE) if id.startswith(INSTANCE) else id


class _Graph:
    """One packet's way."""

    def __init__(self, call: AnyCall, route: str, next_hops: str) -> None:
        self._call = call
        self._route = route
        self._next_hops = next_hops
        #: What it passes, with the route that it takes there.
        self._passed: dict[str, dict[str, Any]] = {}
        #: Region of each.
        self._regions: dict[str, str] = {}

    def follow(self, hops: Iterable[Hop]) -> None:
        """Pass what the hops are at. Back in a VSwitch that it came from, a packet has not left it."""
        for hop in hops:
            for id in self._places(hop):
                if id in self._passed:
                    kept = list(self._passed)[: list(self._passed).index(id) + 1]
                    self._passed = {one: self._passed[one] for one in kept}
                self._passed.setdefault(id, {})
                self._regions[id] = hop["region_id"] or ""
            if hop["check"] in TABLES and hop["words"]:
                self._passed[hop["router_id"]] = self._route_of(hop["words"])

    def links(self) -> list[dict[str, str]]:
        """From each to the next."""
        ids = list(self._passed)
        return [{"id": f"{one}-->{other}", "source": one, "target": other} for one, other in pairwise(ids)]

    def nodes(self) -> list[dict[str, Any]]:
        """What it passes."""
        return [self._node(level, id) for level, id in enumerate(self._passed)]

    def _places(self, hop: Hop) -> Iterator[str]:
        """What the check is at."""
        check, subject = hop["check"], hop["subject"] or ""
        if hop["foreign"]:
            yield ELSEWHERE
        elif check == "source":
            yield from self._from_inside(subject)
        elif check == "delivery":
            yield from reversed(list(self._from_inside(subject)))
        elif check in TABLES:
            yield hop["router_id"]
        elif check == "link":
            yield (hop["words"] or {}).get("link_id") or subject
        elif check in AT_SUBJECT:
            yield subject

    def _from_inside(self, id: str) -> Iterator[str]:
        """A guest, its interface and its VSwitch; anything else alone."""
        yield id
        instance = self._call.tx.get(Instance, id)
        if instance is not None:
            yield interface_of(id)
            yield instance.vswitch_id

    def _route_of(self, words: Mapping[str, Any]) -> dict[str, Any]:
        hop = {"nextHopId": words.get("next_hop_id") or "", "nextHopType": words.get("next_hop", "")}
        route = {"routeTableId": words.get("table_id", ""), "destinationCidr": words.get("prefix", "")}
        return {self._route: {**route, self._next_hops: [hop]}}

    def _node(self, level: int, id: str) -> dict[str, Any]:
        types: Mapping[str, str] = PRODUCT.extra["nodes"]
        return {
            "id": id,
            "bizInsId": id,
            "nodeType": types.get(id.partition("-")[0], "OTHER"),
            "level": level,
            "regionNo": self._regions[id],
            "regionNoAlias": self._regions[id],
            "trafficLogs": [],
            **self._details(id),
            **(self._passed[id] or {self._route: {self._next_hops: []}}),
        }

    def _details(self, id: str) -> dict[str, str]:
        """What there is to say of a thing of its kind."""
        if id.startswith((INSTANCE, INTERFACE)):
            instance = self._call.tx.get(Instance, INSTANCE + id.partition("-")[2])
            if instance is not None:
                vswitch = self._call.tx.get(VSwitch, instance.vswitch_id)
                zone = vswitch.zone_id if vswitch is not None else ""
                return {"aZone": zone, "ip": str(instance.ipv4), "mac": instance.mac, "status": "InUse"}
        vswitch = self._call.tx.get(VSwitch, id)
        if vswitch is not None:
            return {"aZone": vswitch.zone_id, "cidr": str(vswitch.cidr), "status": "Available"}
        return {"aZone": ""}
