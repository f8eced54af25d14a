"""What flowtables bring: the same security groups with and without them, on Debian's kernel in an emulated machine.

The kernel that the other figures come from may have none. The machine's clock counts instructions, so a ratio says how many fewer
the processor needs, traffic generator and all; nothing else that runs meanwhile changes it. Run there as `python -m bench.flows
ROUNDS`; prints one JSON object.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import Any, Final

from tests.support import machine

from bench.kernel_paths import address, long_policy, ring, running
from bench.stats import Figure
from peerway.adapters.dataplane.kernel.shell import Shell

#: Rules of each security group.
RULES: Final = 1000
#: Arguments of iperf3 by what it sends.
KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "one TCP connection": (),
        "one TCP connection in packets of 500 bytes": ("-M", "536", "-l", "500", "-N"),
        "datagrams of 64 bytes": ("-u", "-b", "0", "-l", "64"),
    }
)
#: Seconds of each measurement, by the machine's clock.
SECONDS: Final = 2
#: How long all of it may take, s.
PATIENCE_S: Final = 2400
#: What flowtables are compared with.
COMPARED: Final = MappingProxyType(
    {"guarded": "with flowtables, times without", "open": "with rules and flowtables, times without either"}
)
#: Whether there are rules and flowtables.
WAYS: Final = MappingProxyType({"open": (False, False), "guarded": (True, False), "short": (True, True)})

_START: Final = "bench: "


def measure(*, quick: bool) -> list[Figure]:
    """The ratios, kind by kind; without samples where the machine can't be started."""
    lacking = machine.missing()
    if lacking:
        return _figures({}, lacking)
    rounds = 1 if quick else 3
    ended = machine.run([sys.executable, "-m", "bench.flows", str(rounds)], timeout_s=PATIENCE_S, steady=True)
    _, found, answer = ended.output.partition(_START)
    if not found:
        raise RuntimeError(f"the machine gave no figures: {ended.output[-2000:]}")
    taken = json.loads(answer.splitlines()[0])
    return _figures(taken["speed"], f"Linux {taken['kernel']}, {RULES:,} rules each way at both ends")


def _figures(speed: Mapping[str, Mapping[str, list[float]]], note: str) -> list[Figure]:
    return [
        Figure(name=f"{kind}, {what}", samples=_ratios(speed.get(kind, {}), below), note=note)
        for below, what in COMPARED.items()
        for kind in KINDS
    ]


def _ratios(speed: Mapping[str, list[float]], below: str) -> tuple[float, ...]:
    return tuple(one / other for one, other in zip(speed.get("short", ()), speed.get(below, ()), strict=True))


def main(rounds: int) -> dict[str, Any]:
    """Inside the machine: bits a second that arrive, by kind and way, round by round."""
    speed: dict[str, dict[str, list[float]]] = {kind: {way: [] for way in WAYS} for kind in KINDS}
    with ExitStack() as stack:
        shells = {}
        for way, (guarded, flowtables) in WAYS.items():
            plane = stack.enter_context(running(flowtables=flowtables))
            assert plane.features.flowtables is flowtables
            fabric = ring(2, long_policy("sg", RULES) if guarded else None)
            assert plane.apply(fabric).failures == {}
            shells[way] = Shell(plane._state_dir)
        for _ in range(rounds):
            for kind, arguments in KINDS.items():
                for way, shell in shells.items():
                    speed[kind][way].append(_rate(shell, arguments))
    return {"speed": speed, "kernel": platform.release()}


def _rate(shell: Shell, arguments: tuple[str, ...]) -> float:
    """Bits a second that arrive at the second instance from the first."""
    said, say = os.pipe()
    with (
        os.fdopen(said) as answers,
        shell.spawn("i-1", ["iperf3", "-s", "-1", "--forceflush"], (0, say, 2)) as server,
    ):
        os.close(say)
        while "listening" not in answers.readline():
            pass
        told = _ask(shell, ["iperf3", "-c", address(1), "-J", "-t", str(SECONDS), *arguments])
        assert server.wait() == 0
    end = json.loads(told)["end"]
    if "sum_received" in end:
        return float(end["sum_received"]["bits_per_second"])
    arrived = 1 - end["sum"]["lost_percent"] / 100
    return float(end["sum"]["bits_per_second"]) * arrived


def _ask(shell: Shell, argv: list[str]) -> str:
    said, say = os.pipe()
    with os.fdopen(said) as answer, shell.spawn("i-0", argv, (0, say, 2)) as client:
        os.close(say)
        text = answer.read()
        assert client.wait() == 0, text
    return text


if __name__ == "__main__":
    print(_START + json.dumps(main(int(sys.argv[1]))))
