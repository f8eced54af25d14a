"""How an intent stands, as people see it: a tree of the packets that show it; the state is the last line."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TextIO

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from peerway.cli.client import Item
from peerway.cli.path_tree import WIDTH, add_way

#: In which colour states are said.
STYLES: Mapping[str, str] = MappingProxyType(
    {"holding": "bold green", "broken": "bold red", "unknown": "bold yellow"}
)


def print_standing(standing: Item, stream: TextIO | None = None) -> None:
    """Print how an intent stands: an intent, or a check of one."""
    console = Console(file=stream, width=WIDTH, soft_wrap=True, highlight=False)
    reason = standing["reason"]
    if reason is not None:
        tree = Tree(Text(reason["text"], style="bold"))
        add_way(tree, "request", reason["request"])
        add_way(tree, "reply", reason["reply"])
        console.print(tree)
    revision = standing["network_revision"]
    known = f" (revision {revision})" if revision is not None else ""
    console.print(Text(f"{standing['state']}{known}", style=STYLES.get(standing["state"], "bold")))
