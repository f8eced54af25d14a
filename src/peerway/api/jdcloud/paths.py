"""The paths of a service as a tree: from a method and a path to an action and the parameters in the path.

Templates are the SDK's: `/regions/{regionId}/routeTables/{routeTableId}:addRouteTableRules`. Slashes at the end, and several in a
row, make no difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from peerway.api.clouds.action import Action
from peerway.domain.errors import InvalidInput


@dataclass(slots=True)
class Node:
    """A place in the tree."""

    #: Next segments that are written out.
    children: dict[str, Node] = field(default_factory=dict)
    #: Next segments that hold a parameter, by the verb behind it: none, or `:accept`.
    parameters: dict[str, tuple[str, Node]] = field(default_factory=dict)
    #: Actions by method.
    actions: dict[str, Action] = field(default_factory=dict)


class Paths:
    """All actions of a service; finding one costs its number of segments."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self._root = Node()
        for action in actions:
            self._add(action)

    def find(self, method: str, path: str) -> tuple[Action, dict[str, str]]:
        """The action and its parameters; `InvalidInput` (`unknown_action`, `method`) when there is none."""
        node, given = self._root, dict[str, str]()
        for segment in filter(None, path.split("/")):
            found = _next(node, segment, given)
            if found is None:
                raise InvalidInput("path", "is not known", path, code="unknown_action")
            node = found
        if not node.actions:
            raise InvalidInput("path", "is not known", path, code="unknown_action")
        action = node.actions.get(method)
        if action is None:
            raise InvalidInput(
                "method", f"must be {' or '.join(sorted(node.actions))}", method, code="method"
            )
        return action, given

    def _add(self, action: Action) -> None:
        node = self._root
        for segment in filter(None, action.extra["path"].split("/")):
            if segment.startswith("{"):
                name, _, verb = segment[1:].partition("}")
                _, node = node.parameters.setdefault(verb, (name, Node()))
            else:
                node = node.children.setdefault(segment, Node())
        if action.extra["method"] in node.actions:
            raise ValueError(f"{action.name}: another action has this method and path")
        node.actions[action.extra["method"]] = action


def _next(node: Node, segment: str, given: dict[str, str]) -> Node | None:
    child = node.children.get(segment)
    if child is not None:
        return child
    value, colon, verb = segment.partition(":")
    name, found = node.parameters.get(colon + verb, ("", None))
    if found is not None and value:
        given[name] = value
        return found
    return None
