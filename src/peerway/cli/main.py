"""The root of the command line: which commands there are, the options before the verb, and what the process ends with.

Modules of commands are loaded when they are asked for (docs/decisions/0030). What a command does stands in its own module.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from peerway.cli.errors import CommandError
from peerway.cli.output import OutputFormat
from peerway.cli.previewing import with_previews
from peerway.cli.session import Session

NETWORK, LINKS, USE, RUN, ADMIN = (
    "Networks",
    "Connections",
    "Inside instances",
    "This machine",
    "Administration",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One command of the root: enough to list it without loading it."""

    #: Module under `peerway.cli` whose `app` has it.
    module: str
    #: Part of the help it is listed in.
    panel: str
    #: The line that the help shows; a test holds it to the command's own.
    help: str


#: Every command of the root, in the order of the help.
ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {
        "vpc": Entry("vpc", NETWORK, "Isolated networks."),
        "vswitch": Entry("vswitch", NETWORK, "Subnets of a VPC."),
        "route": Entry("route", NETWORK, "Route tables and their entries."),
        "instance": Entry("instance", NETWORK, "Machines in a VSwitch."),
        "sg": Entry("sg", NETWORK, "Security groups: stateful filters that instances join."),
        "acl": Entry("acl", NETWORK, "Network ACLs: stateless filters that VSwitches are bound to."),
        "slb": Entry("slb", NETWORK, "Load balancers: one private address for several instances."),
        "database": Entry("database", NETWORK, "Databases on private addresses, with a whitelist."),
        "share": Entry("share", NETWORK, "VSwitches that other accounts may use."),
        "nat": Entry("nat", NETWORK, "NAT gateways: shared ways to the internet."),
        "eip": Entry("eip", NETWORK, "Public addresses."),
        "ipv4gw": Entry("ipv4gw", NETWORK, "IPv4 gateways: let route tables decide about the internet."),
        "peering": Entry("peering", LINKS, "Peer connections between two VPCs."),
        "ri": Entry("ri", LINKS, "Router interfaces: express connections between routers."),
        "line": Entry("line", LINKS, "Leased lines between a site and an access point."),
        "vbr": Entry("vbr", LINKS, "Virtual border routers: one VLAN of a leased line each."),
        "path": Entry("path", LINKS, "Who reaches whom, what stops it, and what would help."),
        "intent": Entry("intent", LINKS, "What is meant to hold whatever changes."),
        "metric": Entry("metric", LINKS, "What links carried."),
        "apply": Entry("apply", LINKS, "Make the changes of a file: all of them, or none."),
        "watch": Entry("watch", LINKS, "Print changes as they happen."),
        "exec": Entry("exec", USE, "Run a command inside an instance, on the host that carries it."),
        "ping": Entry("ping", USE, "Send packets from an instance and say what came back."),
        "attach": Entry(
            "attach", USE, "Make an instance of a network namespace or container that is there already."
        ),
        "up": Entry("serve.up", RUN, "Run all of Peerway in the foreground."),
        "api": Entry("serve.api", RUN, "Run the API alone."),
        "worker": Entry("serve.worker", RUN, "Run the periodic work alone."),
        "agent": Entry("serve.agent", RUN, "Run the agent alone: the part that touches the data plane."),
        "doctor": Entry("serve.doctor", RUN, "Say what this machine can do."),
        "account": Entry("account", ADMIN, "Accounts and their credentials."),
        "quota": Entry("quota", ADMIN, "Limits of an account."),
        "external": Entry("external", ADMIN, "Outside networks that public addresses come from (operators)."),
        "status": Entry("status", ADMIN, "Say how far the installation is."),
        "failures": Entry("status", ADMIN, "List what the data plane could not do and tries again."),
        "audit": Entry("audit", ADMIN, "Who did what."),
        "region": Entry("region", ADMIN, "Regions, zones and profiles."),
        "profile": Entry("profiles", ADMIN, "The installations and accounts that this command line knows."),
        "version": Entry("version", ADMIN, "Print the version."),
    }
)


class RootGroup(TyperGroup):
    """The root command: lists its commands from `ENTRIES` and loads the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {
            name: TyperCommand(name, help=entry.help, rich_help_panel=entry.panel)
            for name, entry in ENTRIES.items()
        }

    def list_commands(self, _ctx: object) -> list[str]:
        """Names in the order of `ENTRIES`."""
        return list(ENTRIES)

    def resolve_command(
        self, ctx: Any, args: list[str]
    ) -> tuple[str | None, TyperCommand | TyperGroup | None, list[str]]:
        """The command itself in place of the line that lists it."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and found else None, rest


def load(name: str) -> TyperCommand | TyperGroup:
    """The root's command of that name, from its module."""
    app: typer.Typer = importlib.import_module(f"peerway.cli.{ENTRIES[name].module}").app
    group = typer.main.get_group(app)
    command = group if group.name == name else group.commands[name]
    assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101 - Typer's own type for both is private
    return with_previews(name, command)


app = typer.Typer(cls=RootGroup, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback(help="Joins isolated networks: a self-hosted VPC interconnect.")
def root(
    ctx: typer.Context,
    profile: Annotated[
        str | None, typer.Option(help="Profile of the profile file to use.", show_default=False)
    ] = None,
    output: Annotated[
        OutputFormat,
        typer.Option("--output", "-o", help="Format of the answer; a command's own --output wins."),
    ] = OutputFormat.TABLE,
) -> None:
    """Keep the options before the verb for the commands."""
    ctx.obj = session = Session(profile, output)
    ctx.call_on_close(session.close)


def run(arguments: list[str]) -> int:
    """Run one command line and return what the process should end with: see `errors` for the numbers."""
    try:
        app(arguments, prog_name="peerway")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except CommandError as error:
        print(f"peerway: {error}", file=sys.stderr)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the one broad except: a user gets a line, not a trace
        print(f"peerway: this should not happen: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def main() -> None:
    """The `peerway` command."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
