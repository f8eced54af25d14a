"""`peerway peering`: peer connections between two VPCs."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.options import (
    AllAccounts,
    Description,
    IfRevision,
    Limit,
    Name,
    Output,
    PeeringArgument,
    Timeout,
    VpcFilter,
    Wait,
    wait_s,
)
from peerway.cli.session import given, session_of

app = typer.Typer(
    name="peering", help="Peer connections between two VPCs.", add_completion=False, no_args_is_help=True
)

Bandwidth = Annotated[
    int | None,
    typer.Option(
        "--bandwidth", help="Cap each way in Mbit/s (cross-region only).", min=1, show_default=False
    ),
]
LinkType = Annotated[
    str | None, typer.Option("--link-type", help="platinum or gold (cross-region only).", show_default=False)
]


@app.command()
def create(
    ctx: typer.Context,
    vpc: Annotated[str, typer.Option(help="Your VPC.", autocompletion=ids_of("/vpcs"))],
    peer_vpc: Annotated[str, typer.Option(help="The VPC to reach.")],
    peer_uid: Annotated[
        str | None, typer.Option(help="Its account; yours without it.", show_default=False)
    ] = None,
    peer_region: Annotated[
        str | None, typer.Option(help="Its region; that of your VPC without it.", show_default=False)
    ] = None,
    name: Name = None,
    description: Description = None,
    bandwidth: Bandwidth = None,
    link_type: LinkType = None,
    auto_routes: Annotated[
        bool | None,
        typer.Option(help="Whether the system writes both sides' routes.", show_default=False),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="Product whose rules hold: native, alibaba, tencent, jdcloud.", show_default=False),
    ] = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Ask for a connection. Between VPCs of one account it needs no acceptance."""
    body = {
        "vpc_id": vpc,
        "peer_vpc_id": peer_vpc,
        "peer_uid": peer_uid,
        "peer_region_id": peer_region,
        "name": name,
        "description": description,
        "bandwidth_mbps": bandwidth,
        "link_type": link_type,
        "auto_routes": auto_routes,
        "profile": profile,
    }
    session_of(ctx).create("/peerings", body, output, wait_s(wait, timeout))


@app.command("list")
def list_peerings(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only those in this state.", show_default=False)] = None,
    vpc: VpcFilter = None,
    side: Annotated[
        str | None, typer.Option(help="Only those where you are requester or accepter.", show_default=False)
    ] = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List connections in which a VPC of yours is a side, requests to you included."""
    session_of(ctx).show_pages(
        "peering",
        "/peerings",
        output,
        limit=limit,
        state=state,
        vpc_id=vpc,
        side=side,
        all_accounts=all_accounts,
    )


@app.command()
def show(ctx: typer.Context, peering: PeeringArgument, output: Output = None) -> None:
    """Show a connection with both sides, warnings and what you may do now."""
    session_of(ctx).read(f"/peerings/{peering}", output)


@app.command()
def routes(ctx: typer.Context, peering: PeeringArgument, limit: Limit = None, output: Output = None) -> None:
    """List the route entries that use a connection, on both sides, with their tables and VSwitches."""
    session_of(ctx).show_pages("peering-route", f"/peerings/{peering}/routes", output, limit=limit)


@app.command()
def accept(
    ctx: typer.Context,
    peering: PeeringArgument,
    if_revision: IfRevision = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Accept another account's request."""
    session_of(ctx).act(f"/peerings/{peering}", "accept", output, wait_s(wait, timeout), revision=if_revision)


@app.command()
def reject(
    ctx: typer.Context,
    peering: PeeringArgument,
    if_revision: IfRevision = None,
    output: Output = None,
) -> None:
    """Reject another account's request."""
    session_of(ctx).act(f"/peerings/{peering}", "reject", output, revision=if_revision)


@app.command()
def enable(
    ctx: typer.Context,
    peering: PeeringArgument,
    if_revision: IfRevision = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Ask again with a request that expired."""
    session_of(ctx).act(f"/peerings/{peering}", "enable", output, wait_s(wait, timeout), revision=if_revision)


@app.command()
def update(
    ctx: typer.Context,
    peering: PeeringArgument,
    name: Name = None,
    description: Description = None,
    bandwidth: Bandwidth = None,
    link_type: LinkType = None,
    if_revision: IfRevision = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Change a connection, while it carries packets."""
    body = given(name=name, description=description, bandwidth_mbps=bandwidth, link_type=link_type)
    session_of(ctx).change(f"/peerings/{peering}", body, output, wait_s(wait, timeout), revision=if_revision)


@app.command()
def lend(
    ctx: typer.Context,
    peering: PeeringArgument,
    names: Annotated[
        bool | None, typer.Option(help="Whether its resolver answers for your names.", show_default=False)
    ] = None,
    groups: Annotated[
        bool | None, typer.Option(help="Whether its security rules may name your groups.", show_default=False)
    ] = None,
    if_revision: IfRevision = None,
    output: Output = None,
) -> None:
    """Let the other side use names or security groups of yours, or end that."""
    body = given(names=names, groups=groups)
    session_of(ctx).act(f"/peerings/{peering}", "lend", output, body=body, revision=if_revision)


@app.command()
def delete(
    ctx: typer.Context,
    peering: PeeringArgument,
    force: Annotated[
        bool, typer.Option("--force", help="Delete route entries that point to it, too.")
    ] = False,
    if_revision: IfRevision = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """End a connection: either side may, and traffic stops at once."""
    session_of(ctx).remove(
        f"/peerings/{peering}", output, wait_s(wait, timeout), revision=if_revision, force=force or None
    )
