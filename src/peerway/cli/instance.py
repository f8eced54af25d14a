"""`peerway instance`: machines in a VSwitch."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.options import (
    AllAccounts,
    InstanceArgument,
    Limit,
    Name,
    Output,
    Timeout,
    VpcFilter,
    Wait,
    wait_s,
)
from peerway.cli.session import given, session_of

app = typer.Typer(name="instance", help="Machines in a VSwitch.", add_completion=False, no_args_is_help=True)

VSwitchOption = Annotated[
    str, typer.Option("--vswitch", help="The VSwitch it is in.", autocompletion=ids_of("/vswitches"))
]
IpOption = Annotated[
    str | None,
    typer.Option("--ip", help="Its IPv4 address; the next free one without it.", show_default=False),
]
Ipv6Option = Annotated[
    str | None,
    typer.Option("--ipv6", help="Its IPv6 address, or `auto` for the next free one.", show_default=False),
]
GroupsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--sg",
        help="Security group it joins; may be repeated.",
        autocompletion=ids_of("/security-groups"),
        show_default=False,
    ),
]


@app.command()
def create(
    ctx: typer.Context,
    vswitch: VSwitchOption,
    name: Name = None,
    ip: IpOption = None,
    ipv6: Ipv6Option = None,
    sg: GroupsOption = None,
    source_dest_check: Annotated[
        bool,
        typer.Option(help="Drop what it sends or gets for foreign addresses; not for a self-built gateway."),
    ] = True,
    netns: Annotated[
        str | None, typer.Option(help="Path of a network namespace that is the guest.", show_default=False)
    ] = None,
    stopped: Annotated[
        bool, typer.Option("--stopped", help="Leave it off the network until it is started.")
    ] = False,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Make an instance."""
    body = {
        "vswitch_id": vswitch,
        "name": name,
        "ipv4": ip,
        "ipv6": ipv6,
        "security_group_ids": sg or None,
        "source_dest_check": source_dest_check,
        "netns": netns,
        "stopped": stopped or None,
    }
    session_of(ctx).create("/instances", body, output, wait_s(wait, timeout))


@app.command("list")
def list_instances(
    ctx: typer.Context,
    vpc: VpcFilter = None,
    vswitch: Annotated[
        str | None, typer.Option(help="Only those in this VSwitch.", show_default=False)
    ] = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List instances."""
    session_of(ctx).show_pages(
        "instance",
        "/instances",
        output,
        limit=limit,
        vpc_id=vpc,
        vswitch_id=vswitch,
        all_accounts=all_accounts,
    )


@app.command()
def show(ctx: typer.Context, instance: InstanceArgument, output: Output = None) -> None:
    """Show an instance."""
    session_of(ctx).read(f"/instances/{instance}", output)


@app.command()
def update(
    ctx: typer.Context,
    instance: InstanceArgument,
    name: Name = None,
    sg: GroupsOption = None,
    no_sg: Annotated[bool, typer.Option("--no-sg", help="Leave all security groups.")] = False,
    source_dest_check: Annotated[
        bool | None,
        typer.Option(help="Drop what it sends or gets for foreign addresses.", show_default=False),
    ] = None,
    output: Output = None,
) -> None:
    """Change an instance: its name, its security groups (all of them at once) or the source check."""
    body = given(
        name=name, security_group_ids=[] if no_sg else sg or None, source_dest_check=source_dest_check
    )
    session_of(ctx).change(f"/instances/{instance}", body, output)


@app.command()
def stop(ctx: typer.Context, instance: InstanceArgument, output: Output = None) -> None:
    """Take an instance off the network; it keeps its place and its addresses."""
    session_of(ctx).act(f"/instances/{instance}", "stop", output)


@app.command()
def start(
    ctx: typer.Context,
    instance: InstanceArgument,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Put a stopped instance back on the network."""
    session_of(ctx).act(f"/instances/{instance}", "start", output, wait_s(wait, timeout))


@app.command()
def delete(
    ctx: typer.Context,
    instance: InstanceArgument,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Delete an instance."""
    session_of(ctx).remove(f"/instances/{instance}", output, wait_s(wait, timeout))
