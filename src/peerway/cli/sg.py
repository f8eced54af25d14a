"""`peerway sg`: security groups and their rules."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from peerway.cli.errors import WrongUsage
from peerway.cli.options import (
    Description,
    Direction,
    GroupArgument,
    Limit,
    Name,
    Output,
    VpcFilter,
    VpcOption,
)
from peerway.cli.session import given, session_of

app = typer.Typer(
    name="sg",
    help="Security groups: stateful filters that instances join.",
    add_completion=False,
    no_args_is_help=True,
)
rule = typer.Typer(name="rule", help="Rules of a security group.", no_args_is_help=True)
app.add_typer(rule)


class Action(StrEnum):
    """What a rule does."""

    #: Let the packet pass.
    ACCEPT = "accept"
    #: Discard it.
    DROP = "drop"


@app.command()
def create(
    ctx: typer.Context,
    vpc: VpcOption,
    name: Name = None,
    description: Description = None,
    inner_access: Annotated[
        bool | None, typer.Option(help="Whether members reach each other without a rule.", show_default=False)
    ] = None,
    output: Output = None,
) -> None:
    """Make a security group. Without rules it lets nothing in and everything out."""
    body = {"vpc_id": vpc, "name": name, "description": description, "inner_access": inner_access}
    session_of(ctx).create("/security-groups", body, output)


@app.command("list")
def list_groups(
    ctx: typer.Context, vpc: VpcFilter = None, limit: Limit = None, output: Output = None
) -> None:
    """List security groups."""
    session_of(ctx).show_pages("sg", "/security-groups", output, limit=limit, vpc_id=vpc)


@app.command()
def show(ctx: typer.Context, group: GroupArgument, output: Output = None) -> None:
    """Show a security group."""
    session_of(ctx).read(f"/security-groups/{group}", output)


@app.command()
def update(
    ctx: typer.Context,
    group: GroupArgument,
    name: Name = None,
    description: Description = None,
    inner_access: Annotated[
        bool | None, typer.Option(help="Whether members reach each other without a rule.", show_default=False)
    ] = None,
    output: Output = None,
) -> None:
    """Change a security group."""
    body = given(name=name, description=description, inner_access=inner_access)
    session_of(ctx).change(f"/security-groups/{group}", body, output)


@app.command()
def delete(ctx: typer.Context, group: GroupArgument, output: Output = None) -> None:
    """Delete a security group without members."""
    session_of(ctx).remove(f"/security-groups/{group}", output)


@rule.command("add")
def add_rule(
    ctx: typer.Context,
    group: GroupArgument,
    direction: Annotated[
        Direction, typer.Option(help="Which way, seen from the instance.")
    ] = Direction.INGRESS,
    action: Annotated[Action, typer.Option(help="What it does.")] = Action.ACCEPT,
    protocol: Annotated[str, typer.Option(help="all, tcp, udp, icmp, icmpv6 or gre.")] = "all",
    port: Annotated[
        str | None,
        typer.Option(help="Port or range, such as 80 or 8000-8100 (tcp, udp).", show_default=False),
    ] = None,
    cidr: Annotated[str | None, typer.Option(help="The far side: a range.", show_default=False)] = None,
    remote_group: Annotated[
        str | None,
        typer.Option(
            "--group",
            help="The far side: members of this group, yours or lent over a link.",
            show_default=False,
        ),
    ] = None,
    priority: Annotated[int, typer.Option(help="1 is looked at first, 100 last.", min=1, max=100)] = 1,
    description: Description = None,
    output: Output = None,
) -> None:
    """Add a rule."""
    if (cidr is None) == (remote_group is None):
        raise WrongUsage("give exactly one of --cidr and --group")
    body = {
        "direction": direction.value,
        "action": action.value,
        "protocol": protocol,
        "port_range": port,
        "remote_cidr": cidr,
        "remote_group_id": remote_group,
        "priority": priority,
        "description": description,
    }
    session_of(ctx).create(f"/security-groups/{group}/rules", body, output)


@rule.command("list")
def list_rules(ctx: typer.Context, group: GroupArgument, limit: Limit = None, output: Output = None) -> None:
    """List the rules of a security group."""
    session_of(ctx).show_pages("sg-rule", f"/security-groups/{group}/rules", output, limit=limit)


@rule.command("update")
def update_rule(
    ctx: typer.Context,
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help="Id of a rule.")],
    action: Annotated[Action | None, typer.Option(help="What it does.", show_default=False)] = None,
    protocol: Annotated[
        str | None, typer.Option(help="all, tcp, udp, icmp, icmpv6 or gre.", show_default=False)
    ] = None,
    port: Annotated[
        str | None,
        typer.Option(help="Port or range, such as 80 or 8000-8100 (tcp, udp).", show_default=False),
    ] = None,
    cidr: Annotated[str | None, typer.Option(help="The far side: a range.", show_default=False)] = None,
    remote_group: Annotated[
        str | None, typer.Option("--group", help="The far side: members of this group.", show_default=False)
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option(help="1 is looked at first, 100 last.", min=1, max=100, show_default=False),
    ] = None,
    description: Description = None,
    output: Output = None,
) -> None:
    """Change a rule; its direction stays."""
    body = given(
        action=action.value if action else None,
        protocol=protocol,
        port_range=port,
        remote_cidr=cidr,
        remote_group_id=remote_group,
        priority=priority,
        description=description,
    )
    session_of(ctx).change(f"/security-rules/{rule_id}", body, output)


@rule.command("delete")
def delete_rule(
    ctx: typer.Context,
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help="Id of a rule.")],
    output: Output = None,
) -> None:
    """Delete a rule; flows that only it allowed are cut."""
    session_of(ctx).remove(f"/security-rules/{rule_id}", output)
