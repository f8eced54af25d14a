"""Writes docs/reference/cli.md from the commands themselves; with `--check` it only says whether the page is current."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperCommand, TyperGroup

from peerway.cli.main import ENTRIES, load

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"

HEAD = """# Command line

Written by `python scripts/cli_reference.py` from the commands themselves; a test holds it to them.

`peerway [--profile NAME] [--output table|json|yaml|id] GROUP VERB ...`

Clients take the address and the token from `PEERWAY_URL` and `PEERWAY_TOKEN`, else from a profile of
`~/.config/peerway/config.toml` (`--profile`, else `PEERWAY_PROFILE`, else its default).

Every command that prints an answer takes `--output` (`-o`) itself, too: `table` for people, `json` and `yaml` for what the API
answered (lists as one array of all pages), `id` for ids alone.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | refused or failed; one line on stderr says which field breaks which rule |
| 2 | the command makes no sense as it was typed |
| 3 | nobody answers at that address |

`peerway exec` passes on the exit status of its command. `peerway path analyze` ends with 0 when the target is reached, 1 when not,
2 when there is no answer, and 4 when the network does not know. `peerway --install-completion` teaches the shell to complete
commands, options and ids.
"""

#: Typer's words for types, and a reader's.
TYPES = (
    (r"<list\[str\]>", "TEXT"),
    ("<str>", "TEXT"),
    ("<int( range)?>", "INTEGER"),
    ("<float( range)?>", "NUMBER"),
    ("<path>", "PATH"),
)


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    panel = ""
    for name, entry in ENTRIES.items():
        if entry.panel != panel:
            panel = entry.panel
            parts.append(f"## {panel}\n")
        command = load(name)
        context = typer.Context(command, info_name=f"peerway {name}")
        if isinstance(command, TyperGroup):
            parts.append(f"### `peerway {name}`\n\n{command.help}\n")
            parts.extend(group(command, context, "####"))
        else:
            parts.append(one(command, context, "###"))
    return "\n".join(parts).rstrip() + "\n"


def group(command: TyperGroup, context: typer.Context, level: str) -> Iterator[str]:
    """The sections of a group's commands."""
    for name, inner in command.commands.items():
        below = typer.Context(inner, info_name=name, parent=context)
        if isinstance(inner, TyperGroup):
            yield from group(inner, below, level)
        else:
            yield one(inner, below, level)


def one(command: TyperCommand, context: typer.Context, level: str) -> str:
    """The section of a command."""
    usage = command.get_usage(context).removeprefix("Usage: ")
    usage = re.sub(r"\{(\[?[A-Z_]+\]?)\}", r"\1", " ".join(usage.split()))
    title = usage.split(" [OPTIONS]")[0]
    text = re.sub(r"\s*\n\s*", " ", (command.help or "").replace("\n\n", "\0")).replace("\0", "\n\n")
    rows = [
        row for parameter in command.get_params(context) if (row := line(parameter.get_help_record(context)))
    ]
    table = "\n".join(["| parameter | meaning |", "|---|---|", *rows, ""]) if rows else ""
    return f"{level} `{title}`\n\n{text}\n\n```\n{usage}\n```\n\n{table}"


def line(record: tuple[str, str] | None) -> str:
    """A parameter's line of the table; nothing for `--help`."""
    if record is None or record[0].startswith(("--help", "-o, --output")):
        return ""
    name, text = record
    for pattern, word in TYPES:
        name = re.sub(pattern, word, name)
    # An argument's name says what it is; its type adds nothing.
    if not name.startswith("-"):
        name = name.removesuffix(" TEXT").removesuffix(" INTEGER")
    return f"| `{name.replace('|', chr(92) + '|')}` | {text.replace('|', chr(92) + '|').strip()} |"


def main() -> int:
    """Write the page, or compare it."""
    fresh = page()
    if "--check" in sys.argv[1:]:
        if PAGE.is_file() and PAGE.read_text("utf-8") == fresh:
            return 0
        print(
            "docs/reference/cli.md is not what the commands say: run python scripts/cli_reference.py",
            file=sys.stderr,
        )
        return 1
    PAGE.write_text(fresh, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
