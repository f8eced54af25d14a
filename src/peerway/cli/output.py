"""How answers look: tables for people, JSON and YAML for programs, bare ids for shells.

JSON and YAML carry what the API said and nothing else. Which columns a table has stands in `columns`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TextIO

import yaml
from rich.console import Console
from rich.table import Table

from peerway.cli.columns import COLUMNS


class OutputFormat(StrEnum):
    """Formats of an answer."""

    #: Columns, for people.
    TABLE = "table"
    #: The API's JSON.
    JSON = "json"
    #: The same as YAML.
    YAML = "yaml"
    #: Ids alone, one a line, for shell variables.
    ID = "id"


def show_item(item: object, how: OutputFormat, stream: TextIO | None = None) -> None:
    """Print one object; as a table, a line for each field."""
    out = stream or sys.stdout
    if how is OutputFormat.ID:
        _show_ids([item] if isinstance(item, Mapping) else [], out)
    elif how is not OutputFormat.TABLE:
        _show_data(item, how, out)
    elif isinstance(item, Mapping):
        show_rows((), [(name, cell(value)) for name, value in _fields(item)], out)
    elif item is not None:
        print(item, file=out)


def show_items(
    kind: str, items: Iterable[Mapping[str, Any]], how: OutputFormat, stream: TextIO | None = None
) -> None:
    """Print a list of one kind of resource; as a table, with the columns of `COLUMNS[kind]`."""
    out = stream or sys.stdout
    if how is OutputFormat.ID:
        _show_ids(items, out)
        return
    if how is not OutputFormat.TABLE:
        _show_data(list(items), how, out)
        return
    columns = COLUMNS[kind]
    rows = [[cell(dig(item, path)) for _, path in columns] for item in items]
    show_rows([header for header, _ in columns], rows, out)


def dig(item: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; None when a part of the way is missing. `a|b` takes the first that is there."""
    for option in path.split("|"):
        value: Any = item
        for part in option.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None:
            return value
    return None


def cell(value: Any) -> str:
    """A value as the text of a table's cell."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(cell(part) for part in value) or "-"
        case dict():
            return " ".join(f"{name}={cell(part)}" for name, part in value.items() if part not in (None, ""))
        case _:
            return str(value)


def _fields(item: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in item.items():
        if isinstance(value, Mapping):
            yield from _fields(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
            yield from ((f"{prefix}{name}[{number}]", part) for number, part in enumerate(value))
        else:
            yield f"{prefix}{name}", value


def _show_ids(items: Iterable[Mapping[str, Any]], out: TextIO) -> None:
    for item in items:
        if id := dig(item, "id|uid|name"):
            print(id, file=out)


def _show_data(value: object, how: OutputFormat, out: TextIO) -> None:
    if how is OutputFormat.JSON:
        print(json.dumps(value, ensure_ascii=False, indent=2), file=out)
    else:
        yaml.safe_dump(value, out, allow_unicode=True, sort_keys=False)


def show_rows(headers: Sequence[str], rows: Sequence[Sequence[str]], out: TextIO) -> None:
    """Print a table; without headers, one of names and values."""
    if out.isatty():
        _show_rich(headers, rows, out)
        return
    lines = [list(headers), *map(list, rows)] if headers else list(map(list, rows))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print(
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip(), file=out
        )


def _show_rich(headers: Sequence[str], rows: Sequence[Sequence[str]], out: TextIO) -> None:
    table = Table(box=None, show_header=bool(headers), pad_edge=False, header_style="bold")
    for number in range(len(headers or (rows[0] if rows else ()))):
        table.add_column(
            headers[number] if headers else "",
            overflow="fold",
            style="dim" if not headers and number == 0 else "",
        )
    for row in rows:
        table.add_row(*row)
    Console(file=out, markup=False, highlight=False).print(table)
