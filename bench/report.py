"""The table in the document: everything between two marks is generated, measurement by measurement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.stats import HEAD, Figure


def write_report(path: Path, figures: Mapping[str, Sequence[Figure]], machine: str, *, quick: bool) -> None:
    """Replace the measured groups' tables in the document; `ValueError` when it has no place for one."""
    text = path.read_text(encoding="utf-8")
    day = datetime.now(UTC).date().isoformat()
    for name, group in figures.items():
        head = f"Measured {day}{' with --quick' if quick else ''}. {machine}.\n\n"
        text = replace_part(text, name, head + table(group))
    path.write_text(text, encoding="utf-8")


def replace_part(text: str, name: str, content: str) -> str:
    """The text with what stands between the marks of that name exchanged."""
    start, end = f"<!-- figures: {name} -->\n", "<!-- end -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", flags=re.DOTALL)
    fresh, count = pattern.subn(lambda _: f"{start}\n{content}\n{end}", text)
    if count != 1:
        raise ValueError(f"the document has {count} places for {name}")
    return fresh


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(figure.cells() for figure in figures)]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)
