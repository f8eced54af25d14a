"""The schema: one table a kind of resource, and the tables of the store itself.

Owns names, types, unique rules and indexes. How a resource becomes a row is `mapping`'s business.
"""

from peerway.adapters.store.tables import (
    accounts,
    bookkeeping,
    gateways,
    labels,
    links,
    monitoring,
    networks,
    questions,
    services,
)
from peerway.adapters.store.tables.columns import METADATA

__all__ = [
    "METADATA",
    "accounts",
    "bookkeeping",
    "gateways",
    "labels",
    "links",
    "monitoring",
    "networks",
    "questions",
    "services",
]
