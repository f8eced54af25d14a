"""`peerway route`: route tables and their entries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from peerway.cli.client import Client, Item
from peerway.cli.completion import ids_of
from peerway.cli.errors import WrongUsage
from peerway.cli.options import Description, Limit, Name, Output, TableArgument, VpcFilter, VpcOption
from peerway.cli.session import given, session_of

app = typer.Typer(
    name="route", help="Route tables and their entries.", add_completion=False, no_args_is_help=True
)
table = typer.Typer(name="table", help="Route tables.", no_args_is_help=True)
app.add_typer(table)

EntryArgument = Annotated[str, typer.Argument(metavar="ENTRY", help="Id of a custom entry.")]


def table_id(client: Client, table_or_vpc: str) -> str:
    """The route table's id; for a VPC or VBR the id of its system table."""
    if table_or_vpc.startswith("vpc-"):
        return str(client.get(f"/vpcs/{table_or_vpc}")["system_table_id"])
    if table_or_vpc.startswith("vbr-"):
        return str(client.get(f"/vbrs/{table_or_vpc}")["route_table_id"])
    return table_or_vpc


def parse_via(text: str) -> dict[str, object]:
    """`INTERFACE` or `INTERFACE:WEIGHT`; `WrongUsage` on anything else."""
    interface, colon, weight = text.partition(":")
    if not interface or (colon and not weight.isdecimal()):
        raise WrongUsage(f"--via takes INTERFACE or INTERFACE:WEIGHT, not {text!r}")
    return {"interface_id": interface, "weight": int(weight)} if colon else {"interface_id": interface}


@app.command()
def add(
    ctx: typer.Context,
    table_or_vpc: TableArgument,
    destination: Annotated[str, typer.Argument(metavar="DESTINATION", help="Range, such as 10.1.0.0/16.")],
    peering: Annotated[
        str | None,
        typer.Option(
            help="Next hop: a peer connection.", autocompletion=ids_of("/peerings"), show_default=False
        ),
    ] = None,
    instance: Annotated[
        str | None,
        typer.Option(help="Next hop: an instance.", autocompletion=ids_of("/instances"), show_default=False),
    ] = None,
    via: Annotated[
        list[str] | None,
        typer.Option(
            metavar="INTERFACE[:WEIGHT]",
            help="Next hop: a router interface; several to share the connections by weight, or to stand by with 0.",
            autocompletion=ids_of("/router-interfaces"),
            show_default=False,
        ),
    ] = None,
    line: Annotated[bool, typer.Option("--line", help="Next hop: the line of the VBR.")] = False,
    nat: Annotated[
        str | None,
        typer.Option(
            help="Next hop: a NAT gateway.", autocompletion=ids_of("/nat-gateways"), show_default=False
        ),
    ] = None,
    ipv4gw: Annotated[
        str | None,
        typer.Option(
            help="Next hop: the VPC's IPv4 gateway.",
            autocompletion=ids_of("/ipv4-gateways"),
            show_default=False,
        ),
    ] = None,
    blackhole: Annotated[bool, typer.Option("--blackhole", help="Next hop: nowhere.")] = False,
    name: Name = None,
    output: Output = None,
) -> None:
    """Add an entry to a route table."""
    paths = [parse_via(text) for text in via or ()]
    hops = {
        "peering": peering,
        "instance": instance,
        "router_interface": paths or None,
        "line": "" if line else None,
        "nat_gateway": nat,
        "ipv4_gateway": ipv4gw,
        "blackhole": "" if blackhole else None,
    }
    chosen = [(kind, hop) for kind, hop in hops.items() if hop is not None]
    if len(chosen) != 1:
        options = "--peering, --instance, --via, --line, --nat, --ipv4gw and --blackhole"
        raise WrongUsage(f"give exactly one of {options}")
    ((kind, hop),) = chosen
    session = session_of(ctx)
    where = next_hop_of(hop) if isinstance(hop, list) else {"next_hop_id": hop or None}
    body = {"destination": destination, "next_hop": kind, "name": name, **where}
    path = f"/route-tables/{table_id(session.client, table_or_vpc)}/entries"
    session.create(path, body, output)


def next_hop_of(paths: list[dict[str, object]]) -> dict[str, object]:
    """The fields of an entry over router interfaces: one without a weight is a next hop like any other."""
    if len(paths) == 1 and "weight" not in paths[0]:
        return {"next_hop_id": paths[0]["interface_id"]}
    return {"paths": paths}


@app.command("list")
def list_entries(
    ctx: typer.Context,
    table_or_vpc: Annotated[
        str | None,
        typer.Argument(
            metavar="[TABLE]", help="A route table, or a VPC or VBR for its system table.", show_default=False
        ),
    ] = None,
    vpc: Annotated[
        str | None, typer.Option(help="The entries of all tables of this VPC.", show_default=False)
    ] = None,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List the entries of a route table, or of all tables of a VPC, the system's own included."""
    if (table_or_vpc is None) == (vpc is None):
        raise WrongUsage("give either a route table or --vpc")
    session = session_of(ctx)
    session.show_all("route", entries(session.client, table_or_vpc, vpc, limit), output)


def entries(client: Client, table_or_vpc: str | None, vpc: str | None, limit: int | None) -> Iterator[Item]:
    """The entries of one table, or of all tables of a VPC."""
    if table_or_vpc is not None:
        tables = [table_id(client, table_or_vpc)]
    else:
        tables = [item["id"] for item in client.pages("/route-tables", vpc_id=vpc)]
    for id in tables:
        yield from client.pages(f"/route-tables/{id}/entries", limit=limit)


@app.command()
def show(ctx: typer.Context, entry: EntryArgument, output: Output = None) -> None:
    """Show an entry."""
    session_of(ctx).read(f"/route-entries/{entry}", output)


@app.command()
def disable(ctx: typer.Context, entry: EntryArgument, output: Output = None) -> None:
    """Switch an entry off: it stays in its table and takes no packets."""
    session_of(ctx).change(f"/route-entries/{entry}", {"enabled": False}, output)


@app.command()
def enable(ctx: typer.Context, entry: EntryArgument, output: Output = None) -> None:
    """Switch an entry on again."""
    session_of(ctx).change(f"/route-entries/{entry}", {"enabled": True}, output)


@app.command()
def delete(ctx: typer.Context, entry: EntryArgument, output: Output = None) -> None:
    """Delete a custom entry."""
    session_of(ctx).remove(f"/route-entries/{entry}", output)


@table.command("create")
def create_table(
    ctx: typer.Context,
    vpc: VpcOption,
    name: Name = None,
    description: Description = None,
    output: Output = None,
) -> None:
    """Make a custom route table; bind it by `peerway vswitch update --route-table`."""
    body = {"vpc_id": vpc, "name": name, "description": description}
    session_of(ctx).create("/route-tables", body, output)


@table.command("list")
def list_tables(
    ctx: typer.Context, vpc: VpcFilter = None, limit: Limit = None, output: Output = None
) -> None:
    """List route tables."""
    session_of(ctx).show_pages("route-table", "/route-tables", output, limit=limit, vpc_id=vpc)


@table.command("show")
def show_table(ctx: typer.Context, table_or_vpc: TableArgument, output: Output = None) -> None:
    """Show a route table."""
    session = session_of(ctx)
    session.read(f"/route-tables/{table_id(session.client, table_or_vpc)}", output)


@table.command("update")
def update_table(
    ctx: typer.Context,
    table_or_vpc: TableArgument,
    name: Name = None,
    description: Description = None,
    output: Output = None,
) -> None:
    """Change a route table's name or description."""
    session = session_of(ctx)
    path = f"/route-tables/{table_id(session.client, table_or_vpc)}"
    session.change(path, given(name=name, description=description), output)


@table.command("delete")
def delete_table(
    ctx: typer.Context,
    table_id: Annotated[
        str,
        typer.Argument(metavar="TABLE", help="A custom route table.", autocompletion=ids_of("/route-tables")),
    ],
    output: Output = None,
) -> None:
    """Delete a custom route table that no VSwitch is bound to."""
    session_of(ctx).remove(f"/route-tables/{table_id}", output)
