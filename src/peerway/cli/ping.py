"""`peerway ping`: packets from an instance, and what came back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from peerway.cli.client import Item
from peerway.cli.options import InstanceArgument, Output
from peerway.cli.output import OutputFormat
from peerway.cli.session import session_of

app = typer.Typer(add_completion=False)

#: Verdicts of a probe, as the API says them.
ANSWERED, PREDICTED = "answered", "predicted"


class Protocol(StrEnum):
    """What is sent."""

    ICMP = "icmp"
    TCP = "tcp"
    UDP = "udp"


@app.command()
def ping(
    ctx: typer.Context,
    instance: InstanceArgument,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="An address, or another instance's id.")],
    count: Annotated[int, typer.Option("--count", "-c", help="How many to send.", min=1)] = 4,
    interval: Annotated[float, typer.Option("--interval", "-i", help="Seconds between two.", min=0)] = 1.0,
    proto: Annotated[
        Protocol, typer.Option("--proto", help="icmp echo, a tcp connection or a udp datagram.")
    ] = Protocol.ICMP,
    port: Annotated[
        int | None, typer.Option(help="Port for tcp and udp.", min=1, max=65535, show_default=False)
    ] = None,
    timeout: Annotated[
        int, typer.Option("--timeout", "-W", help="Milliseconds to wait for an answer.", min=1)
    ] = 1000,
    output: Output = None,
) -> None:
    """Send packets from an instance and say what came back.

    The exit status is 0 when at least one was answered, else 1. The memory data plane sends nothing: it says what would happen.
    """
    session = session_of(ctx)
    how = output or session.output
    body = {"target": target, "protocol": proto.value, "port": port, "count": 1, "timeout_ms": timeout}
    results: list[Item] = []
    for number in range(1, count + 1):
        if number > 1 and results[-1]["verdict"] != PREDICTED:
            time.sleep(interval)
        answer = session.client.act(
            f"/instances/{instance}/probe", {k: v for k, v in body.items() if v is not None}
        )
        results += answer["results"]
        if how is OutputFormat.TABLE:
            print(line(number, target, results[-1]), flush=True)
    if how is OutputFormat.TABLE:
        print("\n".join(summary(target, results)))
    else:
        session.show({"target": target, "protocol": proto.value, "results": results}, how)
    raise typer.Exit(0 if any(result["verdict"] in {ANSWERED, PREDICTED} for result in results) else 1)


def line(number: int, target: str, result: Item) -> str:
    """What one packet came to."""
    detail = f" ({result['detail']})" if result.get("detail") else ""
    match result["verdict"]:
        case "answered":
            time_ms = result.get("round_trip_ms")
            return f"answer from {target}: seq={number}" + (
                f" time={time_ms:.3f} ms" if time_ms is not None else ""
            )
        case "predicted":
            return f"predicted: {target} would answer; no packet was sent{detail}"
        case _:
            return f"no answer from {target}: seq={number}{detail}"


def summary(target: str, results: Sequence[Item]) -> list[str]:
    """The lines that `ping` ends with."""
    lines = ["", f"--- {target} ---"]
    if any(result["verdict"] == PREDICTED for result in results):
        return [
            *lines,
            "predicted from the compiled network: the data plane is `memory` and carries no packets",
        ]
    answered = [result for result in results if result["verdict"] == ANSWERED]
    lost = 100 * (len(results) - len(answered)) / len(results)
    lines.append(f"{len(results)} sent, {len(answered)} answered, {lost:.0f}% lost")
    times: list[Any] = [r["round_trip_ms"] for r in answered if r.get("round_trip_ms") is not None]
    if times:
        lines.append(
            f"round trip min/avg/max = {min(times):.3f}/{sum(times) / len(times):.3f}/{max(times):.3f} ms"
        )
    return lines
