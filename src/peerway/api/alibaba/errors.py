"""Errors as Alibaba Cloud tells them: by the action's table, the product's, then `errors.toml`."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Final

from peerway.api.clouds.action import Action
from peerway.api.clouds.errors import Rows, Told, tell
from peerway.domain.errors import PeerwayError


def _rows(file: str) -> Rows:
    return tomllib.loads((files("peerway.api.alibaba") / file).read_text(encoding="utf-8"))


#: Words about tags and resource groups.
TAGS: Final = _rows("tags.toml")
#: Words for all products.
ERRORS: Final[Rows] = {**_rows("errors.toml"), **TAGS}


def told(error: PeerwayError, action: Action | None) -> Told:
    """The error of an action, or of a request that has none."""
    parameter = str(error.data.get("field", ""))
    if action is None:
        return tell(error, parameter, (ERRORS,))
    return tell(error, action.parameter_of(parameter), (action.errors, action.product.errors, ERRORS))
