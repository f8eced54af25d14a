"""Price books: what things cost from a day on, read from `prices.toml`.

Owns the value and its loading; what a resource is charged for is `metering`'s business.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from importlib.resources import files
from typing import Any, NamedTuple

from peerway.profiles.model import Onlooker


class Per(StrEnum):
    """What an amount is paid for."""

    #: Once in the life of a resource.
    ONCE = "once"
    #: Each day, a begun one included.
    DAY = "day"
    #: Each GB that leaves.
    GB = "gb"
    #: Each Mbit/s of a day's peak.
    PEAK_MBPS_DAY = "peak_mbps_day"
    #: Each Mbit/s of the cap and day.
    MBPS_DAY = "mbps_day"


class PeeringCell(NamedTuple):
    """Where a price of a peer connection stands."""

    #: The two regions.
    regions: frozenset[str]
    #: Quality class; None where there are none.
    link_type: str | None


@dataclass(frozen=True, slots=True)
class PeeringPrices:
    """What one product takes for connections across regions."""

    #: What it counts.
    per: Per
    #: Which sides pay.
    paid_by: Onlooker
    #: Money of the rates; None while there are none.
    currency: str | None
    #: The prices there are.
    rates: Mapping[PeeringCell, Decimal]


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Prices that hold from a day on."""

    #: First day.
    effective: date
    #: Money of router interfaces.
    interface_currency: str
    #: A day of a link inside one region.
    interface_same_region: Decimal
    #: Distance class by the two regions.
    distances: Mapping[frozenset[str], str]
    #: A day of a link by distance class and spec.
    interface_rates: Mapping[tuple[str, str], Decimal]
    #: Money of leased lines.
    line_currency: str
    #: Once a line.
    line_installation: Decimal
    #: A day of a line's port, by its width in Mbit/s.
    line_ports: Mapping[int, Decimal]
    #: By profile.
    peerings: Mapping[str, PeeringPrices]

    def interface_day(self, one_region: str, other_region: str, spec: str) -> Decimal | None:
        """What an initiator pays a day; None when the book has no price."""
        if one_region == other_region:
            return self.interface_same_region
        distance = self.distances.get(frozenset({one_region, other_region}))
        return None if distance is None else self.interface_rates.get((distance, spec))


def load_price_books() -> tuple[PriceBook, ...]:
    """All books, the earliest first."""
    raw = tomllib.loads(files("peerway.profiles").joinpath("prices.toml").read_text("utf-8"))
    return tuple(sorted((_book(book) for book in raw["books"]), key=lambda book: book.effective))


def book_at(books: Iterable[PriceBook], day: date) -> PriceBook | None:
    """The book that holds on a day; None before the first."""
    return max((book for book in books if book.effective <= day), key=lambda b: b.effective, default=None)


def _book(raw: Mapping[str, Any]) -> PriceBook:
    interfaces, lines = raw["router_interfaces"], raw["lines"]
    return PriceBook(
        effective=raw["effective"],
        interface_currency=interfaces["currency"],
        interface_same_region=Decimal(interfaces["same_region"]),
        distances={
            frozenset(pair): distance for distance, pairs in interfaces["distances"].items() for pair in pairs
        },
        interface_rates={
            (distance, spec): Decimal(amount)
            for distance, rates in interfaces["rates"].items()
            for spec, amount in rates.items()
        },
        line_currency=lines["currency"],
        line_installation=Decimal(lines["installation"]),
        line_ports={int(mbps): Decimal(amount) for mbps, amount in lines["ports"].items()},
        peerings={profile: _peering_prices(prices) for profile, prices in raw["peerings"].items()},
    )


def _peering_prices(raw: Mapping[str, Any]) -> PeeringPrices:
    return PeeringPrices(
        per=Per(raw["per"]),
        paid_by=Onlooker(raw["paid_by"]),
        currency=raw.get("currency"),
        rates={
            PeeringCell(frozenset(rate["regions"]), rate.get("link_type")): Decimal(rate["amount"])
            for rate in raw["rates"]
        },
    )
