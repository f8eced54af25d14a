"""Asking for analyses of paths over the API, and doing what their fixes say, as they say it."""

from __future__ import annotations

from typing import Any

from tests.support.live import Refused, Tenant, eventually
from tests.support.sites import Ask
from tests.support.troubles import Pair

#: Fields of a call that a file of changes takes.
CALL = ("name", "method", "path", "body")
#: What an account may have, and what it did.
KEPT = (
    "audit",
    "instances",
    "network-acls",
    "peerings",
    "route-tables",
    "router-interfaces",
    "security-groups",
    "vswitches",
)
#: What most protocols are told as.
BARE = "every protocol without ports"


def analysed(asker: Tenant, source: str, target: str, protocol: str = "icmp", port: int = 0) -> Any:
    """The answer to a question, fixes and all."""
    made = asker.post("/analyses", source=source, target=target, protocol=protocol, port=port, fixes=True)
    return asker.settled(f"/analyses/{made['id']}", "finished")["result"]


def of_pair(pair: Pair) -> Any:
    """The operator's answer for the pair, who may be told of both sides."""
    ends = (site.instance["id"] for site in pair.sites)
    return analysed(pair.cloud.operator, *ends, "tcp", pair.port)


def carry_out(pair: Pair, fix: Any) -> None:
    """Make the calls of a fix: one file of changes when one account has to, else each by its account."""
    owners = [remedy["settings"]["owner_uid"] for remedy in fix["remedies"]]
    calls = [{name: call[name] for name in CALL if call[name] is not None} for call in fix["calls"]]
    if len(set(owners)) == 1:
        pair.tenant(owners[0]).post("/changes", changes=calls)
        return
    for uid, call in zip(owners, calls, strict=True):
        eventually(f"{call} is possible", lambda uid=uid, call=call: _made(pair.tenant(uid), call))


def _made(tenant: Tenant, call: dict[str, Any]) -> bool:
    """Make a call, unless what it builds on is not ready yet."""
    try:
        tenant.call(call["method"], call["path"], **call.get("body", {}))
    except Refused as refused:
        if refused.problem["code"] != "next_hop_not_active":
            raise
        return False
    return True


def told(fix: Any, source: str, target: str) -> bool:
    """Whether the fix says that it opens something of one to the other."""
    return any(source in one["sources"] and target in one["targets"] for one in fix["opens"])


def holds(words: str, protocol: str, port: int) -> bool:
    """Whether a set as it is written (`tcp 22, 80-443; every protocol without ports but gre`) has this."""
    if words in {"everything", "nothing"}:
        return words == "everything"
    parts = words.split("; ")
    if protocol not in {"tcp", "udp"}:
        _, found, missing = next((one for one in parts if one.startswith(BARE)), "").partition(BARE)
        return protocol in parts or (bool(found) and protocol not in missing)
    ranges = [one for part in parts if part.startswith(protocol) for one in part[len(protocol) :].split(", ")]
    return any(not one or _low(one) <= port <= _high(one) for one in ranges)


def _low(ports: str) -> int:
    return int(ports.partition("-")[0])


def _high(ports: str) -> int:
    return int(ports.rpartition("-")[2])


def previewed(tenant: Tenant, method: str, path: str, **body: Any) -> Any:
    """What a call would do; it stored nothing."""
    before = stored(tenant)
    found = tenant.call(method, f"{path}{'&' if '?' in path else '?'}preview=true", **body)
    assert stored(tenant) == before
    return found


def stored(tenant: Tenant) -> list[Any]:
    """What the account has, and all that it did; others' doings go on meanwhile."""
    return [tenant.get(f"/{kind}?limit=1000")["items"] for kind in KEPT]


def foretold(preview: Any, ask: Ask, target_id: str) -> tuple[bool, bool]:
    """Whether a preview says that what is asked is gained, and that it is lost."""
    ends = (ask.source.instance["id"], target_id)
    changes = [
        one
        for one in preview["reachability"]["changes"]
        if all(
            id in [end["id"] for end in one[side]]
            for id, side in zip(ends, ("sources", "targets"), strict=True)
        )
    ]
    gained, lost = (
        any(holds(one[word], ask.protocol, ask.port) for one in changes) for word in ("gained", "lost")
    )
    return gained, lost


def all_ids(tenant: Tenant, *kinds: str) -> set[str]:
    """Ids of all that an account has of these kinds, with its own number."""
    return {tenant.uid, *(one["id"] for kind in kinds for one in tenant.get(f"/{kind}")["items"])}
