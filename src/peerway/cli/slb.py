"""`peerway slb`: load balancers, their listeners, and the instances behind them."""

from __future__ import annotations

from typing import Annotated

import typer

from peerway.cli.completion import ids_of
from peerway.cli.options import (
    AllAccounts,
    Description,
    Limit,
    Name,
    Output,
    Timeout,
    VpcFilter,
    Wait,
    wait_s,
)
from peerway.cli.session import given, session_of

app = typer.Typer(
    name="slb",
    help="Load balancers: one private address for several instances.",
    add_completion=False,
    no_args_is_help=True,
)
listener = typer.Typer(help="Ports that a load balancer listens at.", no_args_is_help=True)
backend = typer.Typer(help="Instances behind a listener.", no_args_is_help=True)
app.add_typer(listener, name="listener")
app.add_typer(backend, name="backend")

BalancerArgument = Annotated[
    str, typer.Argument(metavar="BALANCER", autocompletion=ids_of("/load-balancers"))
]
ListenerArgument = Annotated[str, typer.Argument(metavar="LISTENER")]
BackendArgument = Annotated[str, typer.Argument(metavar="BACKEND")]
Check = Annotated[bool | None, typer.Option(help="Whether backends are checked.", show_default=False)]
Interval = Annotated[
    int | None,
    typer.Option("--check-interval", help="Milliseconds between two probes.", show_default=False),
]
Threshold = Annotated[
    int | None,
    typer.Option("--check-threshold", help="Probes in a row that turn the verdict.", show_default=False),
]


@app.command()
def create(
    ctx: typer.Context,
    vswitch: Annotated[
        str, typer.Option(help="VSwitch that its address is from.", autocompletion=ids_of("/vswitches"))
    ],
    address: Annotated[
        str | None, typer.Option(help="Its address; the first free one without it.", show_default=False)
    ] = None,
    name: Name = None,
    description: Description = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Make a load balancer."""
    body = {"vswitch_id": vswitch, "address": address, "name": name, "description": description}
    session_of(ctx).create("/load-balancers", body, output, wait_s(wait, timeout))


@app.command("list")
def list_balancers(
    ctx: typer.Context,
    vpc: VpcFilter = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List load balancers."""
    session_of(ctx).show_pages(
        "slb", "/load-balancers", output, limit=limit, vpc_id=vpc, all_accounts=all_accounts
    )


@app.command()
def show(ctx: typer.Context, balancer: BalancerArgument, output: Output = None) -> None:
    """Show a load balancer."""
    session_of(ctx).read(f"/load-balancers/{balancer}", output)


@app.command()
def update(
    ctx: typer.Context,
    balancer: BalancerArgument,
    name: Name = None,
    description: Description = None,
    output: Output = None,
) -> None:
    """Change name and description."""
    body = given(name=name, description=description)
    session_of(ctx).change(f"/load-balancers/{balancer}", body, output)


@app.command()
def delete(
    ctx: typer.Context,
    balancer: BalancerArgument,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Delete a load balancer without listeners."""
    session_of(ctx).remove(f"/load-balancers/{balancer}", output, wait_s(wait, timeout))


@listener.command("add")
def add_listener(
    ctx: typer.Context,
    balancer: BalancerArgument,
    port: Annotated[int, typer.Argument(metavar="PORT", min=1, max=65535)],
    proto: Annotated[str, typer.Option(help="tcp or udp.")] = "tcp",
    name: Name = None,
    check: Check = None,
    check_interval: Interval = None,
    check_threshold: Threshold = None,
    output: Output = None,
) -> None:
    """Have a load balancer listen at a port."""
    body = {
        "protocol": proto,
        "port": port,
        "name": name,
        "check": check,
        "check_interval_ms": check_interval,
        "check_threshold": check_threshold,
    }
    session_of(ctx).create(f"/load-balancers/{balancer}/listeners", body, output)


@listener.command("list")
def list_listeners(
    ctx: typer.Context, balancer: BalancerArgument, limit: Limit = None, output: Output = None
) -> None:
    """List the ports that a load balancer listens at."""
    session_of(ctx).show_pages("listener", f"/load-balancers/{balancer}/listeners", output, limit=limit)


@listener.command("update")
def update_listener(
    ctx: typer.Context,
    id: ListenerArgument,
    name: Name = None,
    check: Check = None,
    check_interval: Interval = None,
    check_threshold: Threshold = None,
    output: Output = None,
) -> None:
    """Change a listener's name or its health check."""
    body = given(name=name, check=check, check_interval_ms=check_interval, check_threshold=check_threshold)
    session_of(ctx).change(f"/listeners/{id}", body, output)


@listener.command("delete")
def delete_listener(ctx: typer.Context, id: ListenerArgument, output: Output = None) -> None:
    """Stop listening; the backends go with the listener."""
    session_of(ctx).remove(f"/listeners/{id}", output)


@backend.command("add")
def add_backend(
    ctx: typer.Context,
    id: ListenerArgument,
    instance: Annotated[str, typer.Argument(metavar="INSTANCE", autocompletion=ids_of("/instances"))],
    port: Annotated[
        int | None, typer.Option(help="Port it answers at; the listener's without it.", show_default=False)
    ] = None,
    weight: Annotated[
        int | None, typer.Option(help="Share of the connections, 0 to 100.", show_default=False)
    ] = None,
    output: Output = None,
) -> None:
    """Put an instance behind a listener."""
    body = {"instance_id": instance, "port": port, "weight": weight}
    session_of(ctx).create(f"/listeners/{id}/backends", body, output)


@backend.command("list")
def list_backends(
    ctx: typer.Context, id: ListenerArgument, limit: Limit = None, output: Output = None
) -> None:
    """List the instances behind a listener, and what the check says of each."""
    session_of(ctx).show_pages("backend", f"/listeners/{id}/backends", output, limit=limit)


@backend.command("weigh")
def weigh_backend(
    ctx: typer.Context,
    id: BackendArgument,
    weight: Annotated[int, typer.Argument(metavar="WEIGHT", help="0 to 100; 0 for none.", min=0, max=100)],
    output: Output = None,
) -> None:
    """Change a backend's share of the connections."""
    session_of(ctx).change(f"/backends/{id}", {"weight": weight}, output)


@backend.command("remove")
def remove_backend(ctx: typer.Context, id: BackendArgument, output: Output = None) -> None:
    """Take an instance from behind a listener."""
    session_of(ctx).remove(f"/backends/{id}", output)
