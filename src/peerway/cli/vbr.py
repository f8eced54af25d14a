"""`peerway vbr`: virtual border routers, one VLAN of a leased line each."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.errors import WrongUsage
from peerway.cli.options import AllAccounts, Description, Limit, Name, Output, Timeout, Wait, wait_s
from peerway.cli.session import given, session_of

app = typer.Typer(
    name="vbr",
    help="Virtual border routers: one VLAN of a leased line each.",
    add_completion=False,
    no_args_is_help=True,
)

PATH = "/vbrs"

VbrArgument = Annotated[str, typer.Argument(metavar="VBR", autocompletion=ids_of(PATH))]
Local6 = Annotated[str | None, typer.Option("--local6", help="The same for IPv6.", show_default=False)]
Peer6 = Annotated[str | None, typer.Option("--peer6", help="The same for IPv6.", show_default=False)]
Circuit = Annotated[str | None, typer.Option(help="The carrier's number of the circuit.", show_default=False)]


@app.command()
def create(
    ctx: typer.Context,
    line: Annotated[
        str,
        typer.Option(help="Your line, which is enabled.", autocompletion=ids_of("/physical-connections")),
    ],
    vlan: Annotated[int, typer.Option(help="802.1Q tag, unique on the line; 0 for untagged packets.")],
    local: Annotated[str, typer.Option(help="Its address on the line, such as 10.255.0.1/30.")],
    peer: Annotated[str, typer.Option(help="Address of the site's router there.")],
    local6: Local6 = None,
    peer6: Peer6 = None,
    owner_uid: Annotated[
        str | None,
        typer.Option(
            help="Account it is for, which has to confirm it; yours without it.", show_default=False
        ),
    ] = None,
    name: Name = None,
    description: Description = None,
    circuit: Circuit = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Make a border router on a line of yours, for yourself or as a partner for another account."""
    body = given(
        line_id=line,
        vlan=vlan,
        local_gateway=local,
        peer_gateway=peer,
        local_gateway6=local6,
        peer_gateway6=peer6,
        owner_uid=owner_uid,
        name=name,
        description=description,
        circuit_code=circuit,
    )
    session_of(ctx).create(PATH, body, output, wait_s(wait, timeout))


@app.command("list")
def list_vbrs(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only those in this state.", show_default=False)] = None,
    line: Annotated[str | None, typer.Option(help="Only those on this line.", show_default=False)] = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List your border routers and those on your lines."""
    session_of(ctx).show_pages(
        "vbr", PATH, output, limit=limit, state=state, line_id=line, all_accounts=all_accounts
    )


@app.command()
def show(ctx: typer.Context, vbr: VbrArgument, output: Output = None) -> None:
    """Show a border router and what you may do now."""
    session_of(ctx).read(f"{PATH}/{vbr}", output)


@app.command()
def update(
    ctx: typer.Context,
    vbr: VbrArgument,
    name: Name = None,
    description: Description = None,
    local: Annotated[str | None, typer.Option(help="New address on the line.", show_default=False)] = None,
    peer: Annotated[
        str | None, typer.Option(help="New address of the site's router.", show_default=False)
    ] = None,
    local6: Local6 = None,
    peer6: Peer6 = None,
    no_ipv6: Annotated[bool, typer.Option("--no-ipv6", help="Take the IPv6 addresses away.")] = False,
    vlan: Annotated[int | None, typer.Option(help="New VLAN (the line's owner).", show_default=False)] = None,
    circuit: Circuit = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Change a border router; VLAN and circuit code are the line owner's to change."""
    if no_ipv6 and (local6 or peer6):
        raise WrongUsage("--no-ipv6 goes without --local6 and --peer6")
    body = given(
        name=name,
        description=description,
        local_gateway=local,
        peer_gateway=peer,
        local_gateway6=local6,
        peer_gateway6=peer6,
        no_ipv6=no_ipv6 or None,
        vlan=vlan,
        circuit_code=circuit,
    )
    if body.pop("no_ipv6", False):
        body |= {"local_gateway6": None, "peer_gateway6": None}
    session_of(ctx).change(f"{PATH}/{vbr}", body, output, wait_s(wait, timeout))


@app.command()
def move(
    ctx: typer.Context,
    vbr: VbrArgument,
    port: Annotated[
        str | None,
        typer.Option(
            help="Port of its own, used untagged: interface:NAME or netns:PATH.", show_default=False
        ),
    ] = None,
    to_line: Annotated[
        bool, typer.Option("--to-line", help="Back to the line's port, with its VLAN.")
    ] = False,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Give a border router a port of its own, or take it back (operators)."""
    if (port is None) is not to_line:
        raise WrongUsage("give either --port or --to-line")
    session = session_of(ctx)
    item = session.client.replace(f"{PATH}/{vbr}/port", {"port": port})
    session.show(session.settle(f"{PATH}/{vbr}", item, wait_s(wait, timeout)), output)


@app.command()
def confirm(
    ctx: typer.Context, vbr: VbrArgument, wait: Wait = False, timeout: Timeout = 60, output: Output = None
) -> None:
    """Take a border router that a partner made for you."""
    session_of(ctx).act(f"{PATH}/{vbr}", "confirm", output, wait_s(wait, timeout))


@app.command()
def terminate(
    ctx: typer.Context, vbr: VbrArgument, wait: Wait = False, timeout: Timeout = 60, output: Output = None
) -> None:
    """Switch the way to the line off; interfaces and routes stay."""
    session_of(ctx).act(f"{PATH}/{vbr}", "terminate", output, wait_s(wait, timeout))


@app.command()
def recover(
    ctx: typer.Context, vbr: VbrArgument, wait: Wait = False, timeout: Timeout = 60, output: Output = None
) -> None:
    """Switch the way to the line on again."""
    session_of(ctx).act(f"{PATH}/{vbr}", "recover", output, wait_s(wait, timeout))


@app.command()
def delete(
    ctx: typer.Context, vbr: VbrArgument, wait: Wait = False, timeout: Timeout = 60, output: Output = None
) -> None:
    """Remove a border router without interfaces, with its table and routes."""
    session_of(ctx).remove(f"{PATH}/{vbr}", output, wait_s(wait, timeout))
