"""`peerway ri`: router interfaces, the two sides of an express connection."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.errors import WrongUsage
from peerway.cli.options import (
    AllAccounts,
    Description,
    Limit,
    Name,
    Output,
    Timeout,
    Wait,
    wait_s,
)
from peerway.cli.session import given, session_of

app = typer.Typer(
    name="ri",
    help="Router interfaces: express connections between routers.",
    add_completion=False,
    no_args_is_help=True,
)

PATH = "/router-interfaces"
#: What tells the other side.
OPPOSITE_FIELDS = ("opposite_interface_id", "opposite_router_id", "opposite_owner_uid")

InterfaceArgument = Annotated[str, typer.Argument(metavar="INTERFACE", autocompletion=ids_of(PATH))]
Spec = Annotated[
    str | None,
    typer.Option(help="Cap each way: Small.1 ... Large.2 (initiator, cross-region).", show_default=False),
]
Opposite = Annotated[str | None, typer.Option(help="Interface on the other side.", show_default=False)]
OppositeRouter = Annotated[
    str | None,
    typer.Option(
        help="Router of that interface (vrt-... or vbr-...); not needed for your own.", show_default=False
    ),
]
OppositeUid = Annotated[
    str | None, typer.Option(help="Account of that interface; not needed for your own.", show_default=False)
]
CheckSource = Annotated[
    str | None, typer.Option(help="Address that health probes come from.", show_default=False)
]
CheckTarget = Annotated[
    str | None, typer.Option(help="Address that health probes go to.", show_default=False)
]
CheckInterval = Annotated[
    int | None, typer.Option(help="Milliseconds between two health probes.", show_default=False)
]
CheckThreshold = Annotated[
    int | None, typer.Option(help="Probes in a row that turn the verdict.", show_default=False)
]
Names = Annotated[
    bool | None, typer.Option(help="Whether its resolver answers for your names.", show_default=False)
]
Groups = Annotated[
    bool | None, typer.Option(help="Whether its security rules may name your groups.", show_default=False)
]


@app.command()
def create(
    ctx: typer.Context,
    router: Annotated[
        str, typer.Option(help="Your VPC or its router, or your VBR.", autocompletion=ids_of("/vpcs"))
    ],
    role: Annotated[str, typer.Option(help="initiator or acceptor; never changes.")],
    opposite_region: Annotated[
        str | None,
        typer.Option(help="Region of the other side; your router's without it.", show_default=False),
    ] = None,
    spec: Spec = None,
    opposite: Opposite = None,
    opposite_router: OppositeRouter = None,
    opposite_uid: OppositeUid = None,
    name: Name = None,
    description: Description = None,
    check_source: CheckSource = None,
    check_target: CheckTarget = None,
    check_interval: CheckInterval = None,
    check_threshold: CheckThreshold = None,
    names: Names = None,
    groups: Groups = None,
    output: Output = None,
) -> None:
    """Make an interface on a router of yours; it is idle until both sides name each other and are connected."""
    body = given(
        router_id=router,
        role=role,
        opposite_region_id=opposite_region,
        spec=spec,
        opposite_interface_id=opposite,
        opposite_router_id=opposite_router,
        opposite_owner_uid=opposite_uid,
        name=name,
        description=description,
        check_source=check_source,
        check_target=check_target,
        check_interval_ms=check_interval,
        check_threshold=check_threshold,
        names=names,
        groups=groups,
    )
    session_of(ctx).create(PATH, body, output)


@app.command("list")
def list_interfaces(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only those in this state.", show_default=False)] = None,
    role: Annotated[str | None, typer.Option(help="Only those with this role.", show_default=False)] = None,
    router: Annotated[
        str | None, typer.Option(help="Only those of this router or VPC.", show_default=False)
    ] = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List your interfaces."""
    session_of(ctx).show_pages(
        "ri",
        PATH,
        output,
        limit=limit,
        state=state,
        role=role,
        router_id=router,
        all_accounts=all_accounts,
    )


@app.command()
def show(ctx: typer.Context, interface: InterfaceArgument, output: Output = None) -> None:
    """Show an interface with its other side and what you may do now."""
    session_of(ctx).read(f"{PATH}/{interface}", output)


@app.command()
def connect(
    ctx: typer.Context,
    interface: InterfaceArgument,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Join an initiator of yours with the acceptor that it names."""
    session_of(ctx).act(f"{PATH}/{interface}", "connect", output, wait_s(wait, timeout))


@app.command()
def activate(
    ctx: typer.Context,
    interface: InterfaceArgument,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Switch an interface on again: packets pass while both sides are on."""
    session_of(ctx).act(f"{PATH}/{interface}", "activate", output, wait_s(wait, timeout))


@app.command()
def deactivate(
    ctx: typer.Context,
    interface: InterfaceArgument,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Switch an interface off: no packet passes the link."""
    session_of(ctx).act(f"{PATH}/{interface}", "deactivate", output, wait_s(wait, timeout))


@app.command()
def update(
    ctx: typer.Context,
    interface: InterfaceArgument,
    spec: Spec = None,
    opposite: Opposite = None,
    opposite_router: OppositeRouter = None,
    opposite_uid: OppositeUid = None,
    forget_opposite: Annotated[
        bool, typer.Option("--forget-opposite", help="Name no other side any more.")
    ] = False,
    name: Name = None,
    description: Description = None,
    check_source: CheckSource = None,
    check_target: CheckTarget = None,
    check_interval: CheckInterval = None,
    check_threshold: CheckThreshold = None,
    names: Names = None,
    groups: Groups = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Change an interface: the other side while idle, the spec also while packets flow."""
    if forget_opposite and (opposite or opposite_router or opposite_uid):
        raise WrongUsage("--forget-opposite goes without --opposite, --opposite-router and --opposite-uid")
    body = given(
        spec=spec,
        opposite_interface_id=opposite,
        opposite_router_id=opposite_router,
        opposite_owner_uid=opposite_uid,
        forget_opposite=forget_opposite or None,
        name=name,
        description=description,
        check_source=check_source,
        check_target=check_target,
        check_interval_ms=check_interval,
        check_threshold=check_threshold,
        names=names,
        groups=groups,
    )
    if body.pop("forget_opposite", False):
        body |= dict.fromkeys(OPPOSITE_FIELDS)
    session_of(ctx).change(f"{PATH}/{interface}", body, output, wait_s(wait, timeout))


@app.command()
def delete(
    ctx: typer.Context,
    interface: InterfaceArgument,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Remove an interface that is idle or inactive and that no route leads to."""
    session_of(ctx).remove(f"{PATH}/{interface}", output, wait_s(wait, timeout))
