"""`peerway apply`: a file of changes, made together."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from peerway.cli.client import Item
from peerway.cli.errors import WrongUsage
from peerway.cli.options import Output
from peerway.cli.output import OutputFormat, cell, show_rows
from peerway.cli.session import Session, session_of
from peerway.cli.waiting import PASSING, progress, wait_until_gone, wait_until_settled

app = typer.Typer(add_completion=False)


@app.command()
def apply(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="YAML or JSON: a list of changes, or `changes:` with one; `-` reads the input.",
        ),
    ],
    in_steps: Annotated[
        bool,
        typer.Option(
            "--in-steps",
            help="Where a change needs what comes before it to be ready, wait for that. Each part is made as a whole; when a later"
            " one is refused, the earlier ones stay.",
        ),
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds to wait for one resource.", min=0)
    ] = 60,
    output: Output = None,
) -> None:
    """Make the changes of a file: all of them, or none.

    Each change has `method`, `path` and `body` of an operation of the API, and may have a `name`: `${name.field}` in a later one
    stands for a field of its answer.
    """
    changes = read_changes(file)
    session = session_of(ctx)
    if in_steps and not session.preview:
        done = list(_in_steps(session, changes, timeout))
    else:
        done = session.client.act("/changes", {"changes": changes})["changes"]
    if (output or session.output) is OutputFormat.TABLE:
        _show(changes, done)
    else:
        session.show(done, output)


def read_changes(file: Path) -> list[Item]:
    """The file's changes; `WrongUsage` when it can't be read or is no list of objects. The rest is the API's to say."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
        content = yaml.safe_load(text)
    except OSError as error:
        raise WrongUsage(f"can't read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WrongUsage(f"can't read {file}: it is no UTF-8 text") from None
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        at = f" at line {place.line + 1}, column {place.column + 1}" if place else ""
        raise WrongUsage(f"{file} is neither YAML nor JSON{at}") from None
    changes = content.get("changes") if isinstance(content, Mapping) else content
    if not isinstance(changes, list) or not changes or not all(isinstance(each, dict) for each in changes):
        raise WrongUsage(f"{file} must be a list of changes, or have one as `changes`")
    return changes


def _in_steps(session: Session, changes: list[Item], timeout_s: float) -> Iterator[Item]:
    """Make the changes in parts; before each part, wait for what the one before it made."""
    foretold = session.client.foretell("/changes", {"changes": changes})["answer"]["changes"]
    starts = [0, *(index for index, each in enumerate(foretold) if each["waits"])]
    answers: dict[str, Any] = {}
    for start, end in zip(starts, [*starts[1:], len(changes)], strict=True):
        part = changes[start:end]
        done = session.client.act("/changes", {"changes": part, "answers": answers})["changes"]
        answers |= {each["name"]: each["answer"] for each in done if each["name"] is not None}
        yield from done
        if end < len(changes):
            for change, each in zip(part, done, strict=True):
                _wait(session, change, each, timeout_s)


def _wait(session: Session, change: Item, done: Item, timeout_s: float) -> None:
    """Wait until what a change left in a passing state is ready, or gone."""
    answer = done["answer"]
    if not isinstance(answer, dict) or answer.get("state") not in PASSING:
        return
    path = place_of(str(change["path"]).partition("?")[0], str(answer["id"]))
    with progress(f"waiting for {answer['id']} ..."):
        if answer["state"] == "deleting":
            wait_until_gone(session.client, path, timeout_s)
        else:
            wait_until_settled(session.client, path, timeout_s)


def place_of(path: str, id: str) -> str:
    """Where the API has a resource that an operation at `path` made (its list) or changed (itself, or a verb below it)."""
    kind = next(part for part in path.split("/") if part)
    return f"/{kind}/{id}"


def _show(changes: list[Item], done: list[Item]) -> None:
    rows = [
        (
            cell(each["name"]),
            f"{change['method']} {change['path']}",
            cell(each["status"]),
            *(cell((each["answer"] or {}).get(field)) for field in ("id", "state")),
        )
        for change, each in zip(changes, done, strict=True)
    ]
    show_rows(("NAME", "CHANGE", "STATUS", "ID", "STATE"), rows, sys.stdout)
