"""`python -m bench [NAME ...] [--quick] [--write FILE]`: measures, prints the table, and writes it into the document."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from rich.console import Console
from rich.table import Table

from bench import analysis, api, convergence, crowded, doors, fabric, failover, flows, ovn_trace, paths, specs
from bench.machine import this_machine
from bench.peerway_peer import disk_folder
from bench.report import write_report
from bench.stats import HEAD, Figure, Verdict

#: What can be measured, in the table's order.
MEASUREMENTS: Final[Mapping[str, Callable[..., list[Figure]]]] = MappingProxyType(
    {
        "paths": paths.measure,
        "flows": flows.measure,
        "crowded": crowded.measure,
        "convergence": convergence.measure,
        "specs": specs.measure,
        "failover": failover.measure,
        "api": api.measure,
        "doors": doors.measure,
        "fabric": fabric.measure,
        "analysis": analysis.measure,
        "ovn_trace": ovn_trace.measure,
    }
)

#: Width of the table where there is no terminal.
PLAIN_WIDTH: Final = 180

#: How a verdict is shown.
COLOURS: Final = MappingProxyType({Verdict.MET: "green", Verdict.MISSED: "red bold"})


def main(argv: list[str]) -> int:
    """Measure; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join(MEASUREMENTS)}; all without any"
    )
    parser.add_argument(
        "--quick", action="store_true", help="smaller and shorter: shows that it works, not what is true"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this document")
    options = parser.parse_args(argv)
    unknown = set(options.names) - MEASUREMENTS.keys()
    if unknown:
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    names = [name for name in MEASUREMENTS if name in options.names or not options.names]
    with disk_folder() as folder:
        machine = this_machine(folder)
    figures = {name: MEASUREMENTS[name](quick=options.quick) for name in names}
    show(figures)
    if options.write:
        write_report(options.write, figures, str(machine), quick=options.quick)
    missed = any(figure.verdict is Verdict.MISSED for group in figures.values() for figure in group)
    return 1 if missed else 0


def show(figures: Mapping[str, list[Figure]]) -> None:
    """Print the table."""
    table = Table(*HEAD, title="Peerway measured", show_lines=False)
    for group in figures.values():
        for figure in group:
            cells = list(figure.cells())
            colour = COLOURS.get(figure.verdict)
            cells[4] = f"[{colour}]{cells[4]}[/]" if colour else cells[4]
            table.add_row(*cells)
        table.add_section()
    console = Console()
    Console(width=None if console.is_terminal else PLAIN_WIDTH).print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
