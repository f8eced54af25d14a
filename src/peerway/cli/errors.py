"""What can go wrong for the command line, in one tree.

    CommandError          exit code 1: asked for, and not done
    ├── Refused           the API said no: carries its problem document
    ├── WaitedTooLong     what `--wait` waits for did not happen in time
    ├── WrongUsage        exit code 2: the command makes no sense as it was typed
    ├── NoAnswer          exit code 2: a question whose answers are exit codes got none
    └── NoConnection      exit code 3: nobody answers at that address

`main` turns each into one line and its exit code. No secret may enter a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class CommandError(Exception):
    """Root of the tree: the command could not be done."""

    #: What the process ends with.
    exit_code = 1


class WrongUsage(CommandError):
    """The command makes no sense as it was typed."""

    exit_code = 2


class NoAnswer(CommandError):
    """A question whose answers are exit codes got none: 1 would mean no."""

    exit_code = 2


class NoConnection(CommandError):
    """Nobody answers at the API's address."""

    exit_code = 3


class WaitedTooLong(CommandError):
    """What `--wait` waits for did not happen in time; it may still happen."""


class Refused(CommandError):
    """The API said no."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(describe(status, problem))
        self.status = status
        self.problem = problem


def describe(status: int, problem: Mapping[str, Any]) -> str:
    """One line from a problem document (RFC 9457): what happened, each field with its rule and value, and the code."""
    text = str(problem.get("detail") or problem.get("title") or f"the server answered {status}")
    for error in problem.get("errors") or ():
        field, rule, value = (error.get(name) for name in ("field", "rule", "value"))
        if field == "id":  # of the path: the text names what it is about
            continue
        if rule == text:
            text += f" ({field})"
        elif f"{field} {rule}" not in text:
            text += f"; {field} {rule}"
        if value is not None and str(value) not in text:
            text += f", not {str(value)!r}"
    return f"{text} [{problem.get('code') or status}]"


class Foretold(Exception):
    """The API said what a request would do; nothing was done. No error: it ends a command that only asks."""

    def __init__(self, preview: Mapping[str, Any]) -> None:
        super().__init__("only a preview")
        self.preview = preview
