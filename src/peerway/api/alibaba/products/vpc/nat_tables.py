"""The tables of NAT gateways: each has one for connections out and one for those in.

Their ids are the gateway's with another beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from peerway.api.alibaba.products.vpc.common import here, in_vpcs_here, wanted
from peerway.api.clouds.call import AnyCall
from peerway.api.clouds.parameters import Given
from peerway.app.store import Where, where
from peerway.app.usecases.kinds import WORDS
from peerway.domain.errors import NotFound
from peerway.domain.gateway import DnatEntry, NatGateway, SnatEntry

E = TypeVar("E", bound=SnatEntry | DnatEntry)


@dataclass(frozen=True, slots=True)
class Table(Generic[E]):
    """One of a gateway's tables."""

    #: How its ids begin.
    stem: str
    #: How the parameters about it begin.
    word: str
    #: What is in it.
    kind: type[E]

    def id_of(self, gateway_id: str) -> str:
        """Id of a gateway's table."""
        return f"{self.stem}-{gateway_id.partition('-')[2]}"

    def gateway_of(self, call: AnyCall, given: Given) -> str:
        """Id of the gateway whose table a request names."""
        name = f"{self.word}TableId"
        start, _, rest = given[name].partition("-")
        if start != self.stem:
            raise NotFound("nat_gateway", given[name][:64], field=name)
        return here(call, NatGateway, f"nat-{rest}", name)

    def entry_of(self, call: AnyCall, given: Given, get: Callable[..., E]) -> str:
        """Id of the entry that a request names, when it is in the table that it names."""
        gateway_id, name = self.gateway_of(call, given), f"{self.word}EntryId"
        id: str = given[name]
        if call.use(get, id).nat_gateway_id != gateway_id:
            raise NotFound(WORDS[self.kind], id[:64], field=name)
        return id

    def conditions(self, call: AnyCall, given: Given) -> list[Where]:
        """What a list of entries asks for: those of one table, or of all of the caller's in the region."""
        entry_id, entry_name = f"{self.word}EntryId", f"{self.word}EntryName"
        found = wanted(given, nat_gateway_id="NatGatewayId", id=entry_id, name=entry_name)
        if f"{self.word}TableId" in given:
            found.append(where("nat_gateway_id", self.gateway_of(call, given)))
        return [*found, *in_vpcs_here(call)]


#: For connections out, and in.
SNAT: Final = Table("stb", "Snat", SnatEntry)
FORWARD: Final = Table("ftb", "Forward", DnatEntry)
