"""Actions by the version and the name that a request gives, for the clouds whose products have versions."""

from __future__ import annotations

from collections.abc import Sequence

from peerway.api.clouds.action import Action, Product
from peerway.domain.errors import InvalidInput


class Versions:
    """All actions of a cloud's products."""

    def __init__(self, products: Sequence[Product]) -> None:
        self._known = {product.version for product in products}
        self._actions = {
            (product.version, action.name): action
            for product in products
            for action in product.actions.values()
        }

    def find(self, name: str, version: str) -> Action:
        """The action; `InvalidInput` with `missing`, `unknown_version` or `unknown_action`."""
        for field, value in (("Action", name), ("Version", version)):
            if not value:
                raise InvalidInput(field, "is required", code="missing")
        action = self._actions.get((version, name))
        if action is not None:
            return action
        if version not in self._known:
            raise InvalidInput("Version", "is not a known version", version, code="unknown_version")
        raise InvalidInput("Action", "is not a known action", name, code="unknown_action")
