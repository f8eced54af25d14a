"""Tickets for what takes a while, for clients that were given a number to ask by."""

from __future__ import annotations

from dataclasses import dataclass

from peerway.domain.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Resource):
    """What was asked for. How far it is, is told by the resource. `id` is a whole number as text."""

    #: What was asked, in the words of the audit log (`peering.accept`).
    action: str
    #: Resource that it was asked of.
    resource_id: str
