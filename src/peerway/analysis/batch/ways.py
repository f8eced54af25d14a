"""What many packets do, each on its way through at most two routers: `fabric.walk` for columns.

Owns the order of the checks, which is that of `fabric.walk`, for packets between interfaces over plain links. A packet that meets
anything else ends as `ODD`, and whoever asks has to follow it alone.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from peerway.analysis.batch.columns import LOCAL_BITS, NONE
from peerway.analysis.batch.prepared import Prepared
from peerway.analysis.batch.ranges import Hop
from peerway.analysis.batch.searches import first_equal, keys, last_at
from peerway.analysis.batch.verdicts import decide
from peerway.domain.prefixes import PRIVATE_RANGES
from peerway.fabric.outcomes import Outcome

#: Outcomes by their code.
OUTCOMES: Final = tuple(Outcome)

#: Code of a packet that has to be followed alone, and of a reply that there is none of.
ODD: Final = 255

Numbers = NDArray[np.int64]
Addresses = NDArray[np.uint32]

_NO_FILTER: Final = np.uint32(NONE)
_CODES: Final = {outcome: code for code, outcome in enumerate(OUTCOMES)}
_ENDS: Final = (
    (Hop.NO_ROUTE, Outcome.NO_ROUTE),
    (Hop.BLACKHOLE, Outcome.BLACKHOLE),
    (Hop.TRANSIT, Outcome.TRANSIT),
)


def code_of(outcome: Outcome) -> int:
    """The code of an outcome."""
    return _CODES[outcome]


class Ways:
    """Packets under way: columns, each with a row for every packet."""

    def __init__(
        self,
        prepared: Prepared,
        sender: Numbers,
        source: Addresses,
        destination: Addresses,
        service: Addresses,
        known: tuple[Numbers, Numbers] | None = None,
    ) -> None:
        self.prepared = prepared
        self.endpoints, self.ranges = prepared.endpoints.columns, prepared.ranges.columns
        #: Interface that each is from.
        self.sender = sender
        self.source, self.destination, self.service = source, destination, service
        #: Two routers that remember its connection.
        self.known = known
        #: Router that it is at.
        self.at: Numbers = prepared.homes[sender]
        #: Code of its outcome.
        self.outcome = np.full(len(sender), ODD, np.uint8)
        #: Row that decided that: of the ranges or, after all those, of the rules; -1 for none.
        self.decided_by = np.full(len(sender), -1, np.int64)
        #: Range that its longest match is.
        self.lead = np.full(len(sender), -1, np.int64)
        #: Interface that has its destination; -1 for none. Whether that got it, the outcome says.
        self.receiver = np.full(len(sender), -1, np.int64)
        #: Whether it enters the subnet that it gets to, and does not come from there.
        self.foreign = np.ones(len(sender), np.bool_)

    def follow(self) -> None:
        """Follow all of them to their ends."""
        going = self._ask_sender(self._enter(np.arange(len(self.sender))))
        going = self._look_up(going, self.endpoints.table[self.sender[going]])
        away = self.ranges.hop[self.lead[going]] == Hop.LINK
        self._arrive_inside(going[~away])
        going = going[away]
        acls = self.endpoints.acl_out[self.sender[going]]
        going = self._cross(self._ask(going, acls, self.destination, Outcome.DROPPED_BY_ACL))
        going = self._enter(going)
        self._arrive(self._look_up(going, self.at[going] << LOCAL_BITS))

    # ---- checks; each takes the packets that get there, and gives those that go on ------------------------------------------

    def _enter(self, going: Numbers) -> Numbers:
        """Into a router: odd ones, and destinations that are services, are not for columns."""
        at = self.at[going]
        odd = self.prepared.odd[at] | (at < 0)
        serving = np.flatnonzero(self.prepared.serving[at] & ~self._is_known(going))
        wanted = keys(at[serving], self.destination[going[serving]])
        odd[serving] |= first_equal(self.prepared.services.columns.key, wanted) >= 0
        kept: Numbers = going[~odd]
        return kept

    def _ask_sender(self, going: Numbers) -> Numbers:
        """Own address, source address, security policy and public exit of the sender."""
        sender = self.sender[going]
        own = self.endpoints.key[sender].astype(np.uint32)
        to_itself = self.destination[going] == own
        self.receiver[going[to_itself]] = sender[to_itself]
        self._end(going[to_itself], Outcome.DELIVERED)
        spoofed = (self.source[going] != own) & ~self.endpoints.forwards[sender] & ~to_itself
        self._end(going[spoofed], Outcome.SPOOFED)
        going = going[~spoofed & ~to_itself]
        going = self._ask_security(going, self.endpoints.policy_out[self.sender[going]], self.destination)
        exits = self.endpoints.exits[self.sender[going]]
        return going[~exits | _private(self.destination[going])] if exits.any() else going

    def _look_up(self, going: Numbers, tables: NDArray[Any]) -> Numbers:
        """The longest match in the table."""
        lead = last_at(self.ranges.key, keys(tables, self.destination[going]))
        self.lead[going] = lead
        hop = self.ranges.hop[lead]
        for kind, outcome in _ENDS:
            chosen = np.flatnonzero(hop == kind)
            self._end(going[chosen], outcome, lead[chosen])
        goes_on: NDArray[np.bool_] = (hop == Hop.SUBNET) | (hop == Hop.LINK)
        return going[goes_on]

    def _cross(self, going: Numbers) -> Numbers:
        """Over the link, to the router at its other end."""
        links = self.ranges.towards[self.lead[going]]
        up, ends = self.prepared.links.up[links], self.prepared.links.ends[links]
        self._end(going[~up], Outcome.LINK_DOWN)
        going, ends = going[up], ends[up]
        at = self.at[going]
        self.at[going] = np.where(ends[:, 0] == at, ends[:, 1], ends[:, 0])
        return going

    def _arrive_inside(self, going: Numbers) -> None:
        """From the sender's router to its interfaces: out of the sender's subnet, unless it stays there."""
        owner = self._find_owner(going)
        claimed = self.ranges.towards[self.lead[going]]
        sender = self.sender[going]
        entering = np.where(owner >= 0, self.endpoints.subnet[owner], claimed)
        foreign = entering != self.endpoints.subnet[sender]
        self.foreign[going] = foreign
        acls = np.where(foreign, self.endpoints.acl_out[sender], _NO_FILTER)
        self._deliver(self._ask(going, acls, self.destination, Outcome.DROPPED_BY_ACL))

    def _arrive(self, going: Numbers) -> None:
        """From a link to an interface."""
        self._find_owner(going)
        self._deliver(going)

    def _deliver(self, going: Numbers) -> None:
        """Into the owner's subnet, unless it comes from there, and to the interface."""
        nobody = self.receiver[going] < 0
        missed, going = going[nobody], going[~nobody]
        self._end(missed, Outcome.NO_SUCH_ADDRESS, self.lead[missed])
        acls = np.where(self.foreign[going], self.endpoints.acl_in[self.receiver[going]], _NO_FILTER)
        going = self._ask(going, acls, self.source, Outcome.DROPPED_BY_ACL)
        going = self._ask_security(going, self.endpoints.policy_in[self.receiver[going]], self.source)
        self._end(going, Outcome.DELIVERED, self.lead[going])

    def _ask_security(self, going: Numbers, policies: NDArray[np.uint32], remote: Addresses) -> Numbers:
        """Security policies; they let pass what belongs to a connection that the router remembers."""
        if self.known is not None:
            policies = np.where(self._is_known(going), _NO_FILTER, policies)
        return self._ask(going, policies, remote, Outcome.DROPPED_BY_POLICY)

    def _ask(self, going: Numbers, filters: NDArray[np.uint32], remote: Addresses, drop: Outcome) -> Numbers:
        """Filters, where there is one."""
        filtered = np.flatnonzero(filters != NONE)
        asking = going[filtered]
        verdict, row = decide(self.prepared, filters[filtered], remote[asking], self.service[asking])
        dropped = np.flatnonzero(~verdict)
        row = row[dropped]
        self._end(asking[dropped], drop, np.where(row < 0, -1, row + len(self.ranges.key)))
        goes_on = np.ones(len(going), np.bool_)
        goes_on[filtered[dropped]] = False
        return going[goes_on]

    # ---- what they are made of ---------------------------------------------------------------------------------------------

    def _end(self, ended: Numbers, outcome: Outcome, by: Numbers | None = None) -> None:
        self.outcome[ended] = _CODES[outcome]
        if by is not None:
            self.decided_by[ended] = by

    def _find_owner(self, going: Numbers) -> Numbers:
        """The interfaces that have the destinations at the routers that they are at; -1 for none."""
        owner = first_equal(self.endpoints.key, keys(self.at[going], self.destination[going]))
        self.receiver[going] = owner
        return owner

    def _is_known(self, going: Numbers) -> NDArray[np.bool_]:
        """Whether the routers that they are at remember their connections."""
        if self.known is None:
            return np.zeros(len(going), np.bool_)
        at = self.at[going]
        known: NDArray[np.bool_] = (at == self.known[0][going]) | (at == self.known[1][going])
        return known


def _private(addresses: Addresses) -> NDArray[np.bool_]:
    """Whether they are in a private range, where no public exit leads."""
    private = np.zeros(len(addresses), np.bool_)
    for prefix in PRIVATE_RANGES:
        private |= addresses - np.uint32(int(prefix.network_address)) < prefix.num_addresses
    return private
