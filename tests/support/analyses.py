"""Asking for analyses of paths over the API, and doing what their fixes say, as they say it."""

from __future__ import annotations

import json
from typing import Any

from tests.support.live import Refused, Tenant, eventually
from tests.support.troubles import Pair

#: Fields of a call that a file of changes takes.
CALL = ("name", "method", "path", "body")


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


def ids_in(answer: Any, *things: dict[str, Any]) -> list[str]:
    """Ids of the things that stand somewhere in an answer."""
    text = json.dumps(answer)
    return [one["id"] for one in things if one["id"] in text]
