"""How an analysis looks to people: a tree of both ways, what stops the packets, what would help; the verdict is the last line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TextIO

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from peerway.cli.client import Item

#: How verdicts are said, and in which colour.
VERDICTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "reachable": ("reachable", "bold green"),
        "one_way": ("one way only: the request arrives, its answer does not come back", "bold red"),
        "unreachable": ("not reachable", "bold red"),
        "unknown": ("not known", "bold yellow"),
    }
)

#: So wide that no line is cut: a command is there to be copied, and terminals wrap by themselves.
WIDTH = 1000

#: What else is said of a target that is reached when packets leave the network for it.
OUTSIDE = " (it leaves the network by the right way, and its answer would come back; whether there is one is not known here)"

#: Endings of a packet that nothing stopped.
ARRIVED = frozenset({"delivered", "left", "handed_to_endpoint", "handed_to_resolver"})


def print_analysis(analysis: Item, stream: TextIO | None = None) -> None:
    """Print a finished analysis."""
    console = Console(file=stream, width=WIDTH, soft_wrap=True, highlight=False)
    result = analysis["result"]
    if result is None:
        console.print(Text(f"{analysis['id']} is {analysis['state']}"))
        return
    console.print(tree_of(analysis))
    console.print(verdict_of(result))


def tree_of(analysis: Item) -> Tree:
    """The tree of one analysis."""
    result = analysis["result"]
    tree = Tree(Text(title_of(analysis), style="bold"))
    add_way(tree, "request", result["request"])
    add_way(tree, "reply", result["reply"])
    if result["blockers"]:
        branch = tree.add(Text("what stops it"))
        for number, blocker in enumerate(result["blockers"], 1):
            _add_blocker(branch, number, blocker)
    told = {blocker["text"] for blocker in result["blockers"]}
    findings = (each for each in result["findings"] if each["text"] not in told)
    _add_lines(tree, "findings", (f"{finding['code']}: {finding['text']}" for finding in findings))
    if analysis["fixes"]:
        add_fix(tree, result)
    _add_lines(tree, "to be known", result["notes"])
    return tree


def add_fix(tree: Tree, result: Item) -> None:
    """Add what came of trying changes: the commands, and what else is to be known before they are made."""
    fix = result["fix"]
    if not result["blockers"]:
        return
    if fix is None or not (fix["remedies"] or fix["asks_others"]):
        _add_lines(tree, "the smallest set of changes that helps", ["none was found"])
        return
    later = [remedy["commands"] for remedy in fix["later"]]
    branch = tree.add(Text(title_of_fix(fix), style="green" if fix["proposed"] else "yellow"))
    for remedy in fix["remedies"]:
        after = "  # once the other account has done its part" if remedy["commands"] in later else ""
        for command in remedy["commands"]:
            branch.add(Text(f"{command}{after}", style="cyan"))
    if fix["asks_others"]:
        branch.add(Text("ask the other account: some changes are its own to make"))
    for refused in fix["refused"]:
        branch.add(Text(f"refused: {refused['text']}", style="red"))
    for opening in fix["opens"]:
        ends = f"{', '.join(opening['sources'])} to {', '.join(opening['targets'])}"
        branch.add(Text(f"would open, too: {opening['what'] or 'something'} from {ends}", style="yellow"))
    if not fix["complete"]:
        branch.add(Text("would open more: there was too much to look at all of it", style="yellow"))


def title_of_fix(fix: Item) -> str:
    """Whether the changes are proposed, and why not."""
    if fix["proposed"]:
        return "tried: these changes bring it about, and open nothing else"
    reasons = {
        "some are refused": fix["refused"],
        "they are not enough": fix["verdict"] != "reachable" and not fix["refused"],
        "they open more than was asked": fix["opens"] or not fix["complete"],
    }
    return f"tried, and not proposed: {', and '.join(reason for reason, holds in reasons.items() if holds)}"


def title_of(analysis: Item) -> str:
    """What was asked, and the revision that the answer is true for."""
    port = f"/{analysis['port']}" if analysis["port"] else ""
    ends = " to ".join(point_of(analysis[end]) for end in ("source", "target"))
    return f"{analysis['protocol']}{port} from {ends} (revision {analysis['network_revision']})"


def point_of(point: Item) -> str:
    """A point as it is typed."""
    return "@".join(part for part in (point["id"], point["address"]) if part is not None)


def verdict_of(result: Item) -> Text:
    """The last line."""
    words, style = VERDICTS[result["verdict"]]
    why = next(iter(result["blockers"]), None)
    reason = "" if why is None or result["verdict"] == "reachable" else f" ({why['text']})"
    if result["verdict"] == "reachable" and result["request_outcome"] == "left":
        reason = OUTSIDE
    return Text(words, style=style).append(reason, style="not bold")


def hop_of(hop: Item) -> Text:
    """One hop: where, what, and how it ends there."""
    if hop["foreign"]:
        return Text(hop["text"], style="dim")
    outcome = hop["outcome"]
    stopped = outcome is not None and outcome not in ARRIVED
    line = Text(f"{hop['router_id']}  ", style="dim").append(
        hop["text"], style="red" if stopped else "not dim"
    )
    if hop["rewrite"] is not None:
        line.append(f"  {flow_of(hop['rewrite']['before'])} becomes {flow_of(hop['rewrite']['after'])}")
    return line.append(f"  [{outcome}]", style="red" if stopped else "green") if outcome else line


def flow_of(flow: Item) -> str:
    """From where to where, with ports."""
    source, target = (
        f"{flow[end]}:{flow[port]}" if flow[port] else flow[end]
        for end, port in (("source", "source_port"), ("destination", "port"))
    )
    return f"{source} > {target}"


def add_way(tree: Tree, name: str, hops: Iterable[Item]) -> None:
    """Add one way's hops as a branch; nothing when there are none."""
    lines = [hop_of(hop) for hop in hops]
    if lines:
        branch = tree.add(Text(name))
        for line in lines:
            branch.add(line)


def _add_blocker(branch: Tree, number: int, blocker: Item) -> None:
    line = branch.add(Text(f"{number}. {blocker['way']}: {blocker['text']}", style="red"))
    if blocker["remedy"] is None:
        line.add(Text(f"no fix: {blocker['why_none']}" if blocker["why_none"] else "no fix", style="dim"))
        return
    for command in blocker["remedy"]["commands"]:
        line.add(Text(command, style="cyan"))


def _add_lines(tree: Tree, name: str, lines: Iterable[str]) -> None:
    found = list(lines)
    if found:
        branch = tree.add(Text(name))
        for line in found:
            branch.add(Text(line))
