"""The result of an analysis as the cloud tells it: what decided, by kind, and the way as a graph.

Made of the stored answer, which is cut down already to what its reader may know. Under `peerwayReport` stands all of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from peerway.api.alibaba.products.nis.product import PRODUCT
from peerway.api.alibaba.products.nis.topology import interface_of, topology_of
from peerway.api.alibaba.texts import time_text
from peerway.api.clouds.call import AnyCall
from peerway.domain.path import PathAnalysis
from peerway.domain.security import SecurityRule

#: A hop of the stored answer.
Hop = Mapping[str, Any]

#: Checks of security groups, of ACLs, and of tables; those that look at what leaves.
GROUPS: Final = ("egress_policy", "ingress_policy")
ACLS: Final = ("egress_acl", "ingress_acl")
TABLES: Final = ("route", "inbound_route")
OUTWARD: Final = ("egress_policy", "egress_acl")
#: What an empty rule says.
NO_RULE: Final = dict.fromkeys(
    (
        "bizProtocol",
        "creatingTime",
        "description",
        "destinationCidr",
        "destinationGroupId",
        "direction",
        "policy",
        "portRange",
        "priority",
        "sourceCidr",
        "sourceGroupId",
    ),
    "",
)


def result_of(call: AnyCall, analysis: PathAnalysis, found: Mapping[str, Any]) -> dict[str, Any]:
    """The result; of an analysis that failed, why."""
    request, reply = found.get("request", ()), found.get("reply", ())
    groups = list(_group_items(call, analysis, request, reply))
    return {
        "nraId": analysis.id,
        "requestId": call.caller.request_id,
        "status": _stage(found),
        "errorCode": _error_code(found),
        "routeData": {"routeItems": [_route_item(hop) for hop in _of((*request, *reply), TABLES)]},
        "networkAclData": {"networkAclItems": [_acl_item(hop) for hop in _of((*request, *reply), ACLS)]},
        "securityGroupData": {
            "policy": "drop" if any(item["policy"] == "drop" for item in groups) else "accept",
            "securityGroupReportId": f"sgr-{_own(analysis)}",
            "securityGroupItems": groups,
        },
        "topologyData": {
            "topologyReportId": f"topo-{_own(analysis)}",
            **topology_of(call, request, reply),
        },
        "peerwayReport": found,
    }


def _own(analysis: PathAnalysis) -> str:
    return analysis.id.partition("-")[2]


def _of(hops: Iterable[Hop], checks: tuple[str, ...]) -> Iterator[Hop]:
    return (hop for hop in hops if hop["check"] in checks)


def _stage(found: Mapping[str, Any]) -> str:
    """The last thing that was looked at; of what is reachable, the last thing there is."""
    stages: Mapping[str, str] = PRODUCT.extra["stages"]
    if found.get("verdict") == "reachable":
        return stages["delivery"]
    blockers = found.get("blockers", ())
    hops = [*found.get("request", ()), *([blockers[0]["hop"]] if blockers and blockers[0]["hop"] else ())]
    checked = [hop["check"] for hop in hops if hop["check"]]
    return stages[checked[-1] if checked else "none"]


def _error_code(found: Mapping[str, Any]) -> str:
    """What stops the packets first, in one word; empty when nothing does."""
    if "verdict" not in found:
        return str(found.get("code", ""))
    if found["verdict"] == "reachable":
        return ""
    codes: Mapping[str, str] = PRODUCT.extra["error_codes"]
    for blocker in found["blockers"]:
        way = "" if blocker["way"] == "request" else "reverse_"
        return way + next((codes[key] for key in _keys(blocker, found) if key in codes), codes["unknown"])
    return codes["unknown"]


def _keys(blocker: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    """What a blocker is, most particular first. What a finding says in the same words is that finding."""
    hop = blocker["hop"]
    yield from (
        one["code"] for one in found["findings"] if one["text"] == blocker["text"] and not _is_plain(one)
    )
    if hop is None or hop["foreign"]:
        yield "foreign" if hop or blocker["owner_uid"] is None else "unknown"
        return
    yield f"{hop['outcome']}@{hop['check']}"
    yield str(hop["outcome"])


def _is_plain(finding: Mapping[str, Any]) -> bool:
    """Whether a finding says no more than how the packet ends."""
    return finding["code"] not in PRODUCT.extra["error_codes"]


def _route_item(hop: Hop) -> dict[str, Any]:
    # Where no entry matches there are no words.
    words = hop["words"] or {}
    return {
        "routeTableId": words.get("table_id", hop["subject"]),
        "routerId": hop["router_id"],
        "destinationCidr": words.get("prefix", ""),
        "routeEntryType": words.get("origin", ""),
        "nextHopType": words.get("next_hop", ""),
        "nextHopId": words.get("next_hop_id") or "",
        "errorCode": PRODUCT.extra["error_codes"].get(hop["outcome"], "") if hop["outcome"] else "",
    }


def _acl_item(hop: Hop) -> dict[str, Any]:
    words = hop["words"]
    return {
        "description": _description(words, "acl "),
        "policy": words["action"],
        "resourceId": hop["router_id"],
        "networkAclId": words["holder_id"],
        "matchedRule": _matched(words),
    }


def _group_items(
    call: AnyCall, analysis: PathAnalysis, request: Iterable[Hop], reply: Iterable[Hop]
) -> Iterator[dict[str, Any]]:
    """What security groups said; of the reply only what is not part of a connection that was let through."""
    ends = (analysis.source.id or "", analysis.target.id or "")
    for hops, (near, far) in ((request, ends), (reply, ends[::-1])):
        for hop in _of(hops, GROUPS):
            words = hop["words"]
            if words["kind"] == "connection":
                continue
            rule = call.tx.get(SecurityRule, hop["source"] or "")
            matched = _matched(words)
            if rule is not None:
                matched |= {"creatingTime": time_text(rule.created_at), "description": rule.description}
            yield {
                "description": _description(words),
                "policy": words["action"],
                "resourceId": interface_of(near if hop["check"] in OUTWARD else far),
                "securityGroupId": words["holder_id"],
                "matchedRule": matched,
            }


def _description(words: Mapping[str, Any], holder: str = "") -> str:
    """What decided, in one word; `holder` tells the defaults of different filters apart."""
    descriptions: Mapping[str, str] = PRODUCT.extra["descriptions"]
    key = f"{words['kind']} {words['action']}"
    return descriptions.get(holder + key) or descriptions[key]


def _matched(words: Mapping[str, Any]) -> dict[str, str]:
    """The rule that decided; empty where a default did."""
    if "port_low" not in words:
        return dict(NO_RULE)
    every = (words["port_low"], words["port_high"]) == (0, 65535)
    side = "source" if words["direction"] == "ingress" else "destination"
    return {
        **NO_RULE,
        "bizProtocol": words["protocol"],
        "direction": words["direction"],
        "policy": words["action"],
        "portRange": "-1/-1" if every else f"{words['port_low']}/{words['port_high']}",
        "priority": str(words["order"]),
        f"{side}Cidr": words["remote_cidr"] or "",
        f"{side}GroupId": words["remote_group_id"] or "",
    }
