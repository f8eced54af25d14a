"""The one engine for lifecycles: a table of moves, facts about the states, and nothing else.

A lifecycle is data. From a `Machine` come the guarded update, the API's buttons, the documentation's diagram and the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from peerway.domain.errors import IllegalState

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)
Effect = TypeVar("Effect", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class StateInfo(Generic[Event]):
    """Facts about one state."""

    #: Whether it lasts until someone acts; operations are refused in the others.
    stable: bool
    #: Whether nothing leads out of it.
    terminal: bool = False
    #: Whether time in it is charged.
    billable: bool = False
    #: Whether the link carries packets.
    carries: bool = False
    #: Whether the pair of VPCs counts as connected (uniqueness, quotas, overlap among peers).
    live: bool = False
    #: Name of the profile's duration after which `on_deadline` happens; None for no deadline.
    deadline: str | None = None
    #: Event that the deadline raises.
    on_deadline: Event | None = None


@dataclass(frozen=True, slots=True)
class Machine(Generic[State, Event, Effect]):
    """A lifecycle: `moves[(state, event)] -> (state, effects)`."""

    #: What it is the life of, for error texts.
    resource: str
    #: Facts by state; every state has an entry.
    states: Mapping[State, StateInfo[Event]]
    #: The only moves there are.
    moves: Mapping[tuple[State, Event], tuple[State, tuple[Effect, ...]]]

    def fire(self, id: str, state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
        """The state after the event and the effects it asks for; `IllegalState` when the table has no such move."""
        try:
            return self.moves[state, event]
        except KeyError:
            raise IllegalState(self.resource, id, state.value, event.value) from None

    def events(self, state: State) -> tuple[Event, ...]:
        """Events that the state allows, in the table's order."""
        return tuple(event for (start, event) in self.moves if start is state)

    def mermaid(self) -> str:
        """The lifecycle as a Mermaid state diagram, for the documentation.

        Moves that leave the state alone are left out; an effect named `remove` leads out of the life.
        """
        lines = ["stateDiagram-v2"]
        for (start, event), (end, effects) in self.moves.items():
            goal = "[*]" if any(effect.value == "remove" for effect in effects) else end.value
            if goal != start.value:
                lines.append(f"    {start.value} --> {goal}: {event.value}")
        lines += [f"    {state.value} --> [*]" for state, info in self.states.items() if info.terminal]
        return "\n".join(lines) + "\n"
