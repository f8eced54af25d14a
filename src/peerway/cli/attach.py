"""`peerway attach`: what runs on this host already (a network namespace, a container) becomes an instance."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from peerway.cli.errors import CommandError, WrongUsage
from peerway.cli.instance import GroupsOption, IpOption, VSwitchOption
from peerway.cli.options import Name, Output, Timeout, Wait, wait_s
from peerway.cli.session import session_of

app = typer.Typer(add_completion=False)

#: Programs that know containers, in the order in which they are asked.
RUNTIMES = ("docker", "podman")


@app.command()
def attach(
    ctx: typer.Context,
    vswitch: VSwitchOption,
    netns: Annotated[
        Path | None, typer.Option(help="Network namespace, such as /run/netns/blue.", show_default=False)
    ] = None,
    container: Annotated[
        str | None,
        typer.Option(help="Name or id of a running Docker or Podman container.", show_default=False),
    ] = None,
    name: Name = None,
    ip: IpOption = None,
    sg: GroupsOption = None,
    wait: Wait = False,
    timeout: Timeout = 60,
    output: Output = None,
) -> None:
    """Make an instance of a network namespace or container that is there already."""
    if (netns is None) == (container is None):
        raise WrongUsage("give exactly one of --netns and --container")
    path = netns.absolute() if netns is not None else namespace_of(str(container), RUNTIMES)
    body = {
        "vswitch_id": vswitch,
        "name": name or container or path.name,
        "ipv4": ip,
        "security_group_ids": sg or None,
        "netns": str(path),
    }
    session_of(ctx).create("/instances", body, output, wait_s(wait, timeout))


def namespace_of(container: str, runtimes: Sequence[str]) -> Path:
    """The network namespace of a running container; `CommandError` when no runtime has such a one."""
    said = []
    for runtime in runtimes:
        argv = [runtime, "inspect", "--format", "{{.State.Pid}}", "--", container]
        try:
            answer = subprocess.run(argv, capture_output=True, check=False, text=True)
        except FileNotFoundError:
            said.append(f"{runtime} is not installed")
            continue
        pid = answer.stdout.strip()
        if answer.returncode == 0 and pid.isdigit() and int(pid) > 0:
            return Path(f"/proc/{pid}/ns/net")
        said.append(
            f"{runtime}: " + ("it is not running" if answer.returncode == 0 else _last_line(answer.stderr))
        )
    raise CommandError(f"no container {container}: {'; '.join(said)}")


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2] or "inspect failed"
