"""How many questions a second are answered together, and what it costs to have the network ready for that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

from bench.stats import Figure, Goal, p99
from peerway.analysis.batch import Prepared, Questions, answer, ask, prepare
from peerway.analysis.network import Network
from peerway.fabric.packets import CLIENT_PORT, Packet

#: Times that all questions are asked.
ROUNDS: Final = 10

GOAL: Final = Goal(least=100_000)


def batch_figures(network: Network, asked: Sequence[Packet], after: Iterable[Network]) -> list[Figure]:
    """Questions from interfaces over IPv4; `after` are networks that each differ from the one before by an edit."""
    before, started = _resident_mib(), perf_counter()
    prepared = prepare(network)
    prepared_s, held = perf_counter() - started, _resident_mib() - before
    columns = in_columns(prepared, asked)
    alone = ask(prepared, columns).alone
    given = _rates(lambda: ask(prepared, columns).request, len(asked))
    valued = _rates(lambda: answer(prepared, asked).values(), len(asked))
    note = f"{len(asked):,} together, one process; {len(alone) / len(asked):.1%} asked one by one"
    return [
        Figure(name="two-way questions in columns", unit="1/s", samples=given, goal=GOAL, note=note),
        Figure(
            name="the same as packets, answers as values",
            unit="1/s",
            samples=valued,
            goal=GOAL,
            note="one process",
        ),
        Figure(name="making columns of the network", unit="s", samples=(prepared_s,), note="once"),
        Figure(
            name="memory of the columns",
            unit="MiB",
            samples=(held,),
            note=f"growth of the process; the arrays alone take {prepared.size_bytes / 2**20:.0f} MiB",
        ),
        *_edit_figures(prepared, after),
    ]


def in_columns(prepared: Prepared, packets: Sequence[Packet]) -> Questions:
    """Packets as the columns that are asked."""
    return Questions(
        np.array([prepared.endpoint(packet.sender) for packet in packets], np.int64),
        _column(int(packet.source) for packet in packets),
        _column(int(packet.destination) for packet in packets),
        _column(packet.protocol for packet in packets),
        _column(packet.port for packet in packets),
        np.full(len(packets), CLIENT_PORT, np.uint32),
    )


def _column(values: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.fromiter(values, np.uint32)


def _rates(work: Callable[[], object], count: int) -> tuple[float, ...]:
    """Questions a second of each round."""
    rates = []
    for _ in range(ROUNDS):
        started = perf_counter()
        work()
        rates.append(count / (perf_counter() - started))
    return tuple(rates)


def _edit_figures(prepared: Prepared, after: Iterable[Network]) -> list[Figure]:
    """What an edit costs beside its compilation."""
    times = []
    for network in after:
        started = perf_counter()
        prepared = prepare(network, prepared)
        times.append((perf_counter() - started) * 1e3)
    note = "the edits of one edit's row; the edited routers are flattened, the arrays that differ copied"
    return [
        Figure(name="columns after one edit: median", unit="ms", samples=tuple(times), note=note),
        Figure(name="columns after one edit: p99", unit="ms", samples=tuple(times), statistic=p99),
    ]


def _resident_mib() -> float:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20
