"""`peerway intent`: what is meant to hold whatever changes, and how it stands."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import typer

from peerway.cli.completion import ids_of
from peerway.cli.errors import NoAnswer, Refused
from peerway.cli.intent_tree import print_standing
from peerway.cli.options import AllAccounts, Description, Limit, Name, Output
from peerway.cli.output import OutputFormat
from peerway.cli.session import session_of

app = typer.Typer(
    name="intent",
    help="What is meant to hold whatever changes.",
    add_completion=False,
    no_args_is_help=True,
)


class Protocol(StrEnum):
    """What is asked for."""

    #: Every protocol.
    ALL = "all"
    #: Connections.
    TCP = "tcp"
    #: Datagrams.
    UDP = "udp"
    #: Echoes over IPv4.
    ICMP = "icmp"
    #: Echoes over IPv6.
    ICMPV6 = "icmpv6"
    #: GRE tunnels.
    GRE = "gre"


class Expectation(StrEnum):
    """What is meant to hold."""

    #: Everyone of the source is answered by everyone of the target.
    REACH = "reach"
    #: Nothing of the source gets to the target.
    ISOLATE = "isolate"


class OnBreak(StrEnum):
    """What a change that breaks it meets."""

    #: It is refused.
    REFUSE = "refuse"
    #: It is made and shown.
    FLAG = "flag"


SIDE: Final = (
    "account:UID, or a VPC, VSwitch, instance, database or VBR: its id, or vpc:ID and the like; VBR@CIDR"
)

#: Exit status by state.
STATUSES: Final = {"holding": 0, "empty": 0, "broken": 1, "unknown": 4}

IntentArgument = Annotated[str, typer.Argument(metavar="INTENT", autocompletion=ids_of("/intents"))]
Port = Annotated[
    str | None,
    typer.Option("--port", help="Port, or LOW-HIGH, of tcp and udp; all without it.", show_default=False),
]


def ports(text: str | None) -> dict[str, object]:
    """The ports as the API takes them; nothing when none are named."""
    if text is None:
        return {}
    low, dash, high = text.partition("-")
    if not low.isdigit() or (dash and not high.isdigit()):
        raise typer.BadParameter("must be a port or LOW-HIGH", param_hint="--port")
    return {"port_low": int(low), "port_high": int(high or low)}


@app.command()
def create(
    ctx: typer.Context,
    source: Annotated[str, typer.Option("--from", help=f"Who asks: {SIDE}.")],
    target: Annotated[
        str, typer.Option("--to", help="Who is asked: as --from, or a load balancer, or a CIDR.")
    ],
    expect: Annotated[Expectation, typer.Option("--expect", help="What is meant to hold.")],
    proto: Annotated[Protocol, typer.Option("--proto", help="With which protocol.")] = Protocol.ALL,
    port: Port = None,
    on_break: Annotated[
        OnBreak, typer.Option("--on-break", help="What a change of yours that breaks it meets.")
    ] = OnBreak.FLAG,
    name: Name = None,
    description: Description = None,
    output: Output = None,
) -> None:
    """Ask for something that is to hold from now on."""
    body = {
        "source": source,
        "target": target,
        "expectation": expect.value,
        "protocol": proto.value,
        **ports(port),
        "enforcement": on_break.value,
        "name": name,
        "description": description,
    }
    session_of(ctx).create("/intents", body, output)


@app.command("list")
def list_intents(
    ctx: typer.Context,
    state: Annotated[
        str | None,
        typer.Option(
            "--state",
            help="Only those that are unchecked, holding, broken, empty or unknown.",
            show_default=False,
        ),
    ] = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List intents and how they stand."""
    session_of(ctx).show_pages(
        "intent", "/intents", output, limit=limit, state=state, all_accounts=all_accounts
    )


@app.command()
def show(ctx: typer.Context, intent: IntentArgument, output: Output = None) -> None:
    """Show an intent, how it stands, and why it does not hold."""
    session = session_of(ctx)
    item = session.client.get(f"/intents/{intent}")
    if (output or session.output) is not OutputFormat.TABLE:
        session.show(item, output)
        return
    session.show({name: value for name, value in item.items() if name != "reason"}, output)
    if item["reason"] is not None:
        print_standing(item)


@app.command()
def update(
    ctx: typer.Context,
    intent: IntentArgument,
    expect: Annotated[
        Expectation | None, typer.Option("--expect", help="What is meant to hold.", show_default=False)
    ] = None,
    proto: Annotated[
        Protocol | None, typer.Option("--proto", help="With which protocol.", show_default=False)
    ] = None,
    port: Port = None,
    on_break: Annotated[
        OnBreak | None,
        typer.Option("--on-break", help="What a change of yours that breaks it meets.", show_default=False),
    ] = None,
    name: Name = None,
    description: Description = None,
    output: Output = None,
) -> None:
    """Change an intent; who asks whom stays."""
    body = {
        "expectation": expect and expect.value,
        "protocol": proto and proto.value,
        **ports(port),
        "enforcement": on_break and on_break.value,
        "name": name,
        "description": description,
    }
    given = {field: value for field, value in body.items() if value is not None}
    session_of(ctx).change(f"/intents/{intent}", given, output)


@app.command()
def delete(ctx: typer.Context, intent: IntentArgument, output: Output = None) -> None:
    """Let go of an intent."""
    session_of(ctx).remove(f"/intents/{intent}", output)


@app.command()
def check(ctx: typer.Context, intent: IntentArgument, output: Output = None) -> None:
    """Examine an intent as the network is at this moment.

    The exit status is 0 when it holds or a side has nobody, 1 when it is broken, 2 when it could not be asked, 4 when the network
    does not know.
    """
    session = session_of(ctx)
    try:
        found = session.client.act(f"/intents/{intent}/check", None)
    except Refused as error:
        raise NoAnswer(str(error)) from None
    if (output or session.output) is OutputFormat.TABLE:
        print_standing(found)
    else:
        session.show(found, output)
    raise typer.Exit(STATUSES[found["state"]])
