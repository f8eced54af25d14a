"""How a preview looks: what an operation would do, in short tables for people.

JSON and YAML carry what the API said.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from peerway.cli.output import OutputFormat, cell, show_item, show_rows


def show_preview(preview: Mapping[str, Any], how: OutputFormat, stream: TextIO | None = None) -> None:
    """Print a preview; as ids, those that the answer would have."""
    out = stream or sys.stdout
    if how is OutputFormat.TABLE:
        _show_tables(preview, out)
    elif how is OutputFormat.ID:
        show_item(preview["answer"], how, out)
    else:
        show_item(preview, how, out)


def _show_tables(preview: Mapping[str, Any], out: TextIO) -> None:
    print(f"true for revision {preview['revision']}; nothing was done", file=out)
    reach = preview["reachability"]
    pair = ("FROM", "TO", "WHAT")
    _table("gains", pair, _pairs(reach, "gained"), out)
    _table("loses", pair, _pairs(reach, "lost"), out)
    _table("gets there, and is not answered", pair, _pairs(reach, "arriving_unanswered"), out)
    _table("gets there no more, unanswered as it was", pair, _pairs(reach, "missing_unanswered"), out)
    routes = ("TABLE", "DESTINATION", "NEXT HOP")
    _table("routes that go dark", routes, _routes(reach["dark"]), out)
    _table("routes that revive", routes, _routes(reach["revived"]), out)
    quotas = [
        (each["name"], each["used_by"], f"{each['before']} -> {each['after']}", cell(each["limit"]))
        for each in preview["quotas"]
    ]
    _table("quotas", ("NAME", "OF", "USED", "LIMIT"), quotas, out)
    prices = [
        (each["what"], each["resource_id"], _price(each, "before"), _price(each, "after"))
        for each in preview["prices"]
    ]
    _table("prices", ("WHAT", "OF", "NOW", "THEN"), prices, out)
    intents = [
        (
            each["name"] or "an operator's",
            each["before"],
            each["after"],
            "refused" if each["refused"] else "-",
        )
        for each in preview["intents"]
    ]
    _table("intents", ("NAME", "NOW", "THEN", "CHANGE IS"), intents, out)
    if reach["complete"] and not any(
        (reach["changes"], reach["dark"], reach["revived"], quotas, prices, intents)
    ):
        print("\nit changes nothing for packets, routes, quotas, prices or intents", file=out)
    for warning in preview["warnings"]:
        print(f"\nnote: {warning}", file=out)


def _pairs(reach: Mapping[str, Any], what: str) -> list[tuple[str, ...]]:
    """Pairs with something to say."""
    return [
        (_ends(change["sources"]), _ends(change["targets"]), change[what])
        for change in reach["changes"]
        if change[what] != "nothing"
    ]


def _ends(ends: Sequence[Mapping[str, Any]]) -> str:
    """At most three of them by name."""
    shown = [" ".join(filter(None, (each["id"], each["addresses"]))) for each in ends[:3]]
    return ", ".join(shown) + (f" and {len(ends) - 3} more" if len(ends) > 3 else "")


def _routes(routes: Iterable[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (cell(each["route_table_id"]), cell(each["destination"]), cell(each["next_hop_id"]))
        for each in routes
    ]


def _price(effect: Mapping[str, Any], when: str) -> str:
    amount = effect[when]
    if amount in {"0", "unpriced"}:
        return str(amount)
    return f"{amount} {effect['currency']} / {effect['per'].replace('_', ' ')}"


def _table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], out: TextIO) -> None:
    if rows:
        print(f"\n{title}", file=out)
        show_rows(headers, rows, out)
