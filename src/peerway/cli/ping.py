"""`peerway ping`: packets from an instance, and what came back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from peerway.cli.client import Item
from peerway.cli.options import GuestArgument, Output, guest_path
from peerway.cli.output import OutputFormat
from peerway.cli.session import session_of

app = typer.Typer(add_completion=False)


class Protocol(StrEnum):
    """What is sent."""

    #: Echoes, of either family.
    ICMP = "icmp"
    #: Connections.
    TCP = "tcp"
    #: Datagrams.
    UDP = "udp"


@app.command()
def ping(
    ctx: typer.Context,
    instance: GuestArgument,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", help="An address, or the id of an instance, database or load balancer."
        ),
    ],
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
    answers: list[Item] = []
    for number in range(1, count + 1):
        if answers and sends(answers[-1]):
            time.sleep(interval)
        answers.append(session.client.act(f"{guest_path(instance)}/probe", body))
        if how is OutputFormat.TABLE:
            print(line(number, answers[-1]), flush=True)
    if how is OutputFormat.TABLE:
        print("\n".join(summary(answers)))
    else:
        session.show(together(answers), how)
    raise typer.Exit(0 if any(answer["answered"] for answer in answers) else 1)


def sends(answer: Item) -> bool:
    """Whether packets were really sent."""
    return bool(answer["dataplane"] != "memory")


def together(answers: Sequence[Item]) -> Item:
    """Several probes' answers as one, in the API's form."""
    totals = {name: sum(answer[name] for answer in answers) for name in ("sent", "answered")}
    return {**answers[0], **totals, "results": [result for answer in answers for result in answer["results"]]}


def line(number: int, answer: Item) -> str:
    """What one packet came to."""
    target, result = answer["target"], answer["results"][0]
    detail = f" ({result['detail']})" if result.get("detail") else ""
    if not sends(answer):
        return f"predicted: {target} would {'answer' if answer['answered'] else 'not answer'}; no packet was sent{detail}"
    if not answer["answered"]:
        return f"no answer from {target}: seq={number}{detail}"
    time_ms = result.get("round_trip_ms")
    return f"answer from {target}: seq={number}" + ("" if time_ms is None else f" time={time_ms:.3f} ms")


def summary(answers: Sequence[Item]) -> list[str]:
    """The lines that `ping` ends with."""
    lines = ["", f"--- {answers[0]['target']} ---"]
    if not sends(answers[0]):
        return [
            *lines,
            "predicted from the compiled network: the data plane is `memory` and carries no packets",
        ]
    answered = sum(answer["answered"] for answer in answers)
    lost = 100 * (len(answers) - answered) / len(answers)
    lines.append(f"{len(answers)} sent, {answered} answered, {lost:.0f}% lost")
    times: list[Any] = [
        ms for answer in answers if (ms := answer["results"][0].get("round_trip_ms")) is not None
    ]
    if times:
        lines.append(
            f"round trip min/avg/max = {min(times):.3f}/{sum(times) / len(times):.3f}/{max(times):.3f} ms"
        )
    return lines
