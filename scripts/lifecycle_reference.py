"""Writes `docs/reference/lifecycles.md` from the lifecycle tables and the profiles; `--check` only compares."""

import sys
from pathlib import Path
from typing import Any

from peerway.domain.lifecycle.line import ACTORS, LINE
from peerway.domain.lifecycle.machine import Machine
from peerway.domain.lifecycle.peering import PEERING
from peerway.domain.lifecycle.router_interface import ROUTER_INTERFACE
from peerway.domain.lifecycle.vbr import VBR
from peerway.domain.peering import PeeringState
from peerway.profiles.model import Onlooker, Profile, load_profiles
from peerway.profiles.rules import actor_of, onlookers

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "lifecycles.md"

HEAD = """# Lifecycles

Written from the tables in `src/peerway/domain/lifecycle` and the files in `src/peerway/profiles` by
`scripts/lifecycle_reference.py`; a test holds it to them. Moves that are not in a table do not exist: asking for one is an
`illegal_state` conflict and changes nothing. The diagrams leave out what does not change the state; `[*]` is the end.
"""

#: What a state's mark means where it differs from resource to resource.
PEERING_HEAD = ("carries packets", "counts for quotas and pairs", "charged")
INTERFACE_HEAD = ("lets packets pass, if the other side does", "joined", "charged")
LINE_HEAD = ("border routers can be made", "counts for quotas", "charged")
VBR_HEAD = ("its way to the line is open", "is a router", "charged")


def render() -> str:
    """The page."""
    profiles = tuple(load_profiles().values())
    parts = [
        HEAD,
        life("Peer connection", PEERING, PEERING_HEAD),
        names(profiles),
        events(profiles),
        sight(profiles),
        life("Router interface", ROUTER_INTERFACE, INTERFACE_HEAD),
        life("Leased line", LINE, LINE_HEAD),
        turns(),
        life("Virtual border router", VBR, VBR_HEAD),
    ]
    return "\n".join(parts)


def life(title: str, machine: Machine[Any, Any, Any], heads: tuple[str, ...]) -> str:
    """One lifecycle: its diagram and what holds in each state."""
    deadlines = any(info.on_deadline for info in machine.states.values())
    rows = [
        (
            state.value,
            yes(info.stable),
            yes(info.carries),
            yes(info.live),
            yes(info.billable),
            *(("" if info.on_deadline is None else info.on_deadline.value,) if deadlines else ()),
            ", ".join(event.value for event in machine.events(state)),
        )
        for state, info in machine.states.items()
    ]
    head = ("state", "lasts until someone acts", *heads, *(("at its deadline",) if deadlines else ()))
    diagram = f"## {title}\n\n```mermaid\n{machine.mermaid()}```\n\n"
    return diagram + "### States\n\n" + table((*head, "events it allows"), rows)


def turns() -> str:
    """Whose turn an event of a leased line is."""
    rows = [(event.value, actor.value) for event, actor in ACTORS.items()]
    return "### Who may raise an event\n\n" + table(("event", "by"), rows)


def names(profiles: tuple[Profile, ...]) -> str:
    """Each product's word for each state."""
    rows = [(state.value, *(profile.state_names[state] for profile in profiles)) for state in PeeringState]
    return "### Names of the states\n\n" + table(("state", *(profile.name for profile in profiles)), rows)


def events(profiles: tuple[Profile, ...]) -> str:
    """Who may raise which event in each product."""
    raised = [
        event
        for event in dict.fromkeys(event for _, event in PEERING.moves)
        if any(event in p.events for p in profiles)
    ]
    rows = [
        (event.value, *(actor_of(profile, event) if event in profile.events else "-" for profile in profiles))
        for event in raised
    ]
    return "### Who may raise an event\n\n" + table(("event", *(profile.name for profile in profiles)), rows)


def sight(profiles: tuple[Profile, ...]) -> str:
    """Times and who still sees what."""
    hidden = [
        state for state in PeeringState if any(onlookers(p, state) is not Onlooker.BOTH for p in profiles)
    ]
    rows = [
        (f"sees a connection that is {state.value}", *(onlookers(p, state).value for p in profiles))
        for state in hidden
    ]
    rows.insert(
        0, ("hours until a request expires", *(str(int(p.expiry.total_seconds() // 3600)) for p in profiles))
    )
    return "### Times and sight\n\n" + table(("", *(profile.name for profile in profiles)), rows)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def yes(fact: bool) -> str:  # noqa: FBT001 - a fact of the table
    """A fact as a word."""
    return "yes" if fact else "no"


def main() -> int:
    """Write the page, or with `--check` compare it."""
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.read_text(encoding="utf-8") == render() else 1
    PAGE.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
