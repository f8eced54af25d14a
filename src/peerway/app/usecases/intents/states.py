"""What is written down of an intent that was held against the network: how it stands, since when, and why.

Owns the shape of the reason. It is cut down to what the intent's owner may know before it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import orjson

from peerway.analysis.intents import Examined, examine
from peerway.analysis.intents.pairs import Witness
from peerway.analysis.network import Network
from peerway.analysis.telling import tell
from peerway.analysis.telling.hops import Hop
from peerway.analysis.telling.sentences import traffic
from peerway.app.store import Reader, Writer
from peerway.app.usecases.access import readable, require_operator
from peerway.app.usecases.paths.reports import ELSEWHERE, knows, tell_way
from peerway.app.usecases.paths.views import HopView
from peerway.domain.account import Caller
from peerway.domain.intent import Expectation, Intent, IntentState
from peerway.fabric.packets import CLIENT_PORT, PORTED

#: What stands for somebody of another account.
SOMEBODY: Final = "somebody of another account"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentReason:
    """Why an intent does not hold: packets that show it. What happens on another account's side is not told."""

    #: All of it in one sentence.
    text: str
    #: Who sends them; null for another account's.
    source: str | None
    #: Whom they are meant for; null for another account's.
    target: str | None
    #: IP protocol number.
    protocol: int
    #: Port of the first of them; 0 for protocols without ports.
    port: int
    #: Port of the last of them, for which the same holds.
    last_port: int
    #: Where they come from.
    source_address: str
    #: Where they go.
    destination: str
    #: The way there.
    request: tuple[HopView, ...]
    #: The way back; empty when there is nothing to come back.
    reply: tuple[HopView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentCheck:
    """How an intent stands at this moment."""

    #: The intent.
    id: str
    #: `holding`, `broken`, `empty` or `unknown`.
    state: IntentState
    #: Revision of the network that this is true for.
    network_revision: int
    #: Why it does not hold, as JSON; empty when it does.
    reason: str


def check_intent(tx: Reader, network: Network, caller: Caller, id: str) -> IntentCheck:
    """Examine an intent of the caller's now; nothing is written."""
    intent = readable(tx, caller, Intent, id)
    if intent.of_operator:
        require_operator(caller)
    found = examine(network, intent)
    return IntentCheck(
        id=intent.id,
        state=found.state,
        network_revision=network.revision,
        reason=reason_of(network, intent, found),
    )


def record_states(
    tx: Writer, network: Network, found: Iterable[tuple[Intent, IntentState, str]]
) -> list[Intent]:
    """Write down how intents stand; those that have changed by it.

    An intent that is gone, or that asks for something else by now, is passed over: it will be examined again.
    """
    written = []
    for examined, state, reason in found:
        stored = tx.get(Intent, examined.id)
        if stored is None or stored.asks != examined.asks or (stored.state, stored.reason) == (state, reason):
            continue
        after = replace(stored, state=state, reason=reason)
        if stored.state is not state:
            after = replace(after, state_since=tx.now, network_revision=network.revision)
        # That the network has changed is on record already; that an intent stands otherwise since is no one's doing.
        written.append(tx.update(after))
    return written


def reason_of(network: Network, intent: Intent, found: Examined) -> str:
    """Why it does not hold, as JSON of an `IntentReason`, as its owner may know it; empty when there is nothing to say."""
    witness = found.witness
    if witness is None:
        return ""
    uid = None if intent.of_operator else intent.owner_uid
    packet, way = witness.case.packet, witness.exchange
    ported = packet.protocol in PORTED
    request = tell(network, way.request, replace(packet, source_port=CLIENT_PORT if ported else 0))
    reply: tuple[Hop, ...] = ()
    if way.reply is not None:
        sender = way.request.steps[-1].subject
        reply = tell(network, way.reply, way.request.packet.reply(sender), way.request.connections)
    last = (reply or request)[-1]
    told = last.text if uid in {None, last.owner_uid} else ELSEWHERE
    source, target = (_named(network, uid, member.id) for member in (witness.source, witness.target))
    return tell_way(
        request,
        reply,
        network.snapshot,
        uid,
        text=_sentence(intent, found.state, witness, (source or SOMEBODY, target or SOMEBODY), told),
        source=source,
        target=target,
        protocol=packet.protocol,
        port=packet.port if ported else 0,
        last_port=witness.last_port if ported else 0,
        source_address=str(packet.source),
        destination=str(packet.destination),
    )


def _named(network: Network, uid: str | None, id: str) -> str | None:
    """The id, when it may be told; a range is no id."""
    return id if uid is None or "/" in id or knows(network.snapshot, uid, id) else None


def _sentence(intent: Intent, state: IntentState, witness: Witness, names: tuple[str, str], last: str) -> str:
    source, target = names
    asked = traffic(witness.case.packet)
    if state is IntentState.UNKNOWN:
        return f"what becomes of {asked} ({source} to {target}) is not known: {last}"
    if intent.expectation is Expectation.ISOLATE:
        return f"{source} gets to {target} with {asked}"
    if witness.exchange.reply is not None:
        return f"{source} gets no answer from {target} to {asked}: {last}"
    return f"{source} does not reach {target} with {asked}: {last}"


def sentence_of(reason: str) -> str:
    """The sentence of a stored reason."""
    return str(orjson.loads(reason)["text"]) if reason else ""
