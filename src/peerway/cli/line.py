"""`peerway line`: leased lines between a site and an access point."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.options import AllAccounts, Description, Limit, Name, Output
from peerway.cli.session import given, session_of

app = typer.Typer(
    name="line",
    help="Leased lines between a site and an access point.",
    add_completion=False,
    no_args_is_help=True,
)

PATH = "/physical-connections"

LineArgument = Annotated[str, typer.Argument(metavar="LINE", autocompletion=ids_of(PATH))]
Location = Annotated[str | None, typer.Option(help="Address of your site.", show_default=False)]
Circuit = Annotated[str | None, typer.Option(help="The carrier's number of the circuit.", show_default=False)]
Redundant = Annotated[
    str | None,
    typer.Option(
        help="Line of yours that stands in for it.", autocompletion=ids_of(PATH), show_default=False
    ),
]


@app.command("access-points")
def access_points(
    ctx: typer.Context,
    region: Annotated[str | None, typer.Option(help="Only those of this region.", show_default=False)] = None,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List the places where leased lines come in."""
    session_of(ctx).show_pages("access-point", "/access-points", output, limit=limit, region_id=region)


@app.command()
def apply(
    ctx: typer.Context,
    access_point: Annotated[
        str, typer.Option(help="Where it is to come in.", autocompletion=ids_of("/access-points"))
    ],
    operator: Annotated[str, typer.Option(help="Code of the carrier, one of the access point's.")],
    port_type: Annotated[
        str | None, typer.Option(help="1000Base-T, 1000Base-LX or 10GBase-LR.", show_default=False)
    ] = None,
    bandwidth: Annotated[
        int | None,
        typer.Option(help="Mbit/s; all that the port does without it.", min=1, show_default=False),
    ] = None,
    name: Name = None,
    description: Description = None,
    location: Location = None,
    circuit: Circuit = None,
    redundant: Redundant = None,
    output: Output = None,
) -> None:
    """Apply for a line; an operator approves it."""
    body = given(
        access_point_id=access_point,
        line_operator=operator,
        port_type=port_type,
        bandwidth_mbps=bandwidth,
        name=name,
        description=description,
        peer_location=location,
        circuit_code=circuit,
        redundant_line_id=redundant,
    )
    session_of(ctx).create(PATH, body, output)


@app.command("list")
def list_lines(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only those in this state.", show_default=False)] = None,
    access_point: Annotated[
        str | None, typer.Option(help="Only those at this access point.", show_default=False)
    ] = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List lines."""
    session_of(ctx).show_pages(
        "line",
        PATH,
        output,
        limit=limit,
        state=state,
        access_point_id=access_point,
        all_accounts=all_accounts,
    )


@app.command()
def show(ctx: typer.Context, line: LineArgument, output: Output = None) -> None:
    """Show a line and what you may do now."""
    session_of(ctx).read(f"{PATH}/{line}", output)


@app.command()
def update(
    ctx: typer.Context,
    line: LineArgument,
    name: Name = None,
    description: Description = None,
    location: Location = None,
    circuit: Circuit = None,
    redundant: Redundant = None,
    output: Output = None,
) -> None:
    """Change a line's texts."""
    body = given(
        name=name,
        description=description,
        peer_location=location,
        circuit_code=circuit,
        redundant_line_id=redundant,
    )
    session_of(ctx).change(f"{PATH}/{line}", body, output)


@app.command()
def approve(
    ctx: typer.Context,
    line: LineArgument,
    room: Annotated[str, typer.Option(help="Address of the machine room.")],
    contact: Annotated[str, typer.Option(help="Whom to talk to there.")],
    output: Output = None,
) -> None:
    """Take an application on (operators)."""
    session_of(ctx).act(f"{PATH}/{line}", "approve", output, body={"room": room, "contact": contact})


@app.command()
def reject(
    ctx: typer.Context,
    line: LineArgument,
    reason: Annotated[str, typer.Option(help="Why.", show_default=False)] = "",
    output: Output = None,
) -> None:
    """Turn an application down (operators)."""
    session_of(ctx).act(f"{PATH}/{line}", "reject", output, body={"reason": reason})


@app.command()
def allocate(
    ctx: typer.Context,
    line: LineArgument,
    port: Annotated[str, typer.Option(help="interface:NAME or netns:PATH of the host.")],
    output: Output = None,
) -> None:
    """Assign a port of the access point (operators)."""
    session_of(ctx).act(f"{PATH}/{line}", "allocate", output, body={"port": port})


@app.command()
def loa(
    ctx: typer.Context,
    line: LineArgument,
    text: Annotated[str, typer.Option(help="Company, people and time of the construction.")],
    output: Output = None,
) -> None:
    """Apply for the letter of authorization: name who will come to build."""
    session_of(ctx).act(f"{PATH}/{line}", "loa", output, body={"loa": text})


@app.command()
def confirm(ctx: typer.Context, line: LineArgument, output: Output = None) -> None:
    """Say that the line is built."""
    session_of(ctx).act(f"{PATH}/{line}", "confirm", output)


@app.command()
def enable(ctx: typer.Context, line: LineArgument, output: Output = None) -> None:
    """Put a confirmed line into use (operators)."""
    session_of(ctx).act(f"{PATH}/{line}", "enable", output)


@app.command()
def cancel(ctx: typer.Context, line: LineArgument, output: Output = None) -> None:
    """Withdraw before the line is in use."""
    session_of(ctx).act(f"{PATH}/{line}", "cancel", output)


@app.command()
def terminate(ctx: typer.Context, line: LineArgument, output: Output = None) -> None:
    """End a line that was in use and has no border router any more."""
    session_of(ctx).act(f"{PATH}/{line}", "terminate", output)


@app.command()
def delete(ctx: typer.Context, line: LineArgument, output: Output = None) -> None:
    """Remove a line that has ended."""
    session_of(ctx).remove(f"{PATH}/{line}", output)
