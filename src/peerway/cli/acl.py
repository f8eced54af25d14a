"""`peerway acl`: network ACLs and their entries."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from peerway.cli.errors import WrongUsage
from peerway.cli.options import AclArgument, Description, Direction, Limit, Name, Output, VpcFilter, VpcOption
from peerway.cli.session import given, session_of

app = typer.Typer(
    name="acl",
    help="Network ACLs: stateless filters that VSwitches are bound to.",
    add_completion=False,
    no_args_is_help=True,
)


@app.command()
def create(
    ctx: typer.Context,
    vpc: VpcOption,
    name: Name = None,
    description: Description = None,
    output: Output = None,
) -> None:
    """Make a network ACL that lets everything pass; bind it by `peerway vswitch update --acl`."""
    body = {"vpc_id": vpc, "name": name, "description": description}
    session_of(ctx).create("/network-acls", body, output)


@app.command("list")
def list_acls(ctx: typer.Context, vpc: VpcFilter = None, limit: Limit = None, output: Output = None) -> None:
    """List network ACLs."""
    session_of(ctx).show_pages("acl", "/network-acls", output, limit=limit, vpc_id=vpc)


@app.command()
def show(ctx: typer.Context, acl: AclArgument, output: Output = None) -> None:
    """Show a network ACL with its entries."""
    session_of(ctx).read(f"/network-acls/{acl}", output)


@app.command()
def update(
    ctx: typer.Context,
    acl: AclArgument,
    name: Name = None,
    description: Description = None,
    output: Output = None,
) -> None:
    """Change a network ACL's name or description."""
    session_of(ctx).change(f"/network-acls/{acl}", given(name=name, description=description), output)


@app.command()
def set_entries(
    ctx: typer.Context,
    acl: AclArgument,
    ingress: Annotated[
        list[str] | None,
        typer.Option(
            help='Entry for packets into the VSwitch: "ACTION PROTOCOL PORTS CIDR", such as "accept tcp 80 0.0.0.0/0" or '
            '"drop all - 10.9.0.0/16"; repeat it in the order of their priority.',
            show_default=False,
        ),
    ] = None,
    egress: Annotated[
        list[str] | None, typer.Option(help="The same for packets out of it.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help="JSON or YAML with `ingress` and `egress`, as `show` prints them; - for stdin.",
            show_default=False,
        ),
    ] = None,
    output: Output = None,
) -> None:
    """Replace all entries; a direction without any drops everything."""
    if (file is None) == (not ingress and not egress):
        raise WrongUsage("give either --file or entries by --ingress and --egress")
    if file is not None:
        body = read_entries(file)
    else:
        body = {
            "ingress": [parse_entry(e) for e in ingress or ()],
            "egress": [parse_entry(e) for e in egress or ()],
        }
    session = session_of(ctx)
    session.show(session.client.replace(f"/network-acls/{acl}/entries", body), output)


@app.command()
def insert(
    ctx: typer.Context,
    acl: AclArgument,
    entry: Annotated[
        str, typer.Argument(metavar="ENTRY", help='"ACTION PROTOCOL PORTS CIDR", as for `set-entries`.')
    ],
    direction: Annotated[Direction, typer.Option(help="Which way.")] = Direction.INGRESS,
    position: Annotated[int, typer.Option(help="Place it gets; 1 is looked at first.", min=1)] = 1,
    output: Output = None,
) -> None:
    """Put one entry before others; what somebody else changes at the same moment is lost."""
    session = session_of(ctx)
    path = f"/network-acls/{acl}"
    before = session.client.get(path)
    body = {way.value: [as_given(each) for each in before[way.value]] for way in Direction}
    body[direction.value].insert(position - 1, parse_entry(entry))
    session.show(session.client.replace(f"{path}/entries", body), output)


def parse_entry(text: str) -> dict[str, str]:
    """`ACTION PROTOCOL PORTS CIDR` as the API's fields; `WrongUsage` when it has not four parts."""
    parts = text.split()
    if len(parts) != 4:
        raise WrongUsage(f'an entry is "ACTION PROTOCOL PORTS CIDR" with - for no ports, not {text!r}')
    action, protocol, ports, cidr = parts
    entry = {"action": action, "protocol": protocol, "cidr": cidr}
    return entry if ports == "-" else {**entry, "port_range": ports}


def read_entries(path: Path) -> dict[str, Any]:
    """The `ingress` and `egress` of a file; `WrongUsage` when it has none."""
    try:
        raw = yaml.safe_load(sys.stdin.read() if str(path) == "-" else path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise WrongUsage(f"can't read {path}: {error}") from None
    if not isinstance(raw, dict) or not {"ingress", "egress"} & raw.keys():
        raise WrongUsage(f"{path} has neither `ingress` nor `egress`")
    return {name: [as_given(entry) for entry in raw.get(name) or ()] for name in ("ingress", "egress")}


def as_given(entry: Any) -> Any:
    """An entry as the API takes it; `show` prints its ports as two numbers."""
    if not isinstance(entry, dict) or "port_low" not in entry:
        return entry
    ports = (entry["port_low"], entry.get("port_high"))
    rest = {name: value for name, value in entry.items() if name not in {"port_low", "port_high"}}
    return rest if ports == (0, 65535) else {**rest, "port_range": f"{ports[0]}/{ports[1]}"}


@app.command()
def delete(ctx: typer.Context, acl: AclArgument, output: Output = None) -> None:
    """Delete a network ACL that no VSwitch is bound to."""
    session_of(ctx).remove(f"/network-acls/{acl}", output)
