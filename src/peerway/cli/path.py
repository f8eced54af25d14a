"""`peerway path`: who reaches whom, what stops it, and what would help."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from peerway.cli.client import Item
from peerway.cli.completion import ids_of
from peerway.cli.errors import NoAnswer, Refused, WaitedTooLong, WrongUsage
from peerway.cli.options import AllAccounts, Description, Limit, Name, Output, VpcArgument
from peerway.cli.output import OutputFormat
from peerway.cli.path_tree import print_analysis
from peerway.cli.session import Session, session_of
from peerway.cli.waiting import progress, wait_until

app = typer.Typer(
    name="path",
    help="Who reaches whom, what stops it, and what would help.",
    add_completion=False,
    no_args_is_help=True,
)


class Protocol(StrEnum):
    """What is asked for."""

    #: Connections.
    TCP = "tcp"
    #: Datagrams.
    UDP = "udp"
    #: Echoes, of either family.
    ICMP = "icmp"


POINT: Final = "Id of an instance, database, load balancer, VSwitch or VBR, an address, or ID@ADDRESS."
POINTS: Final = ids_of("/instances", "/databases", "/load-balancers", "/vswitches", "/vbrs")

#: Exit status by verdict.
STATUSES: Final = {"reachable": 0, "one_way": 1, "unreachable": 1, "unknown": 4}

#: Exit statuses, the one that says most about many questions last.
ORDER: Final = (0, 4, 1)

#: Questions sent together: what fits into one request, whatever the ids are.
TOGETHER: Final = 5_000

SourceArgument = Annotated[
    str, typer.Argument(metavar="SOURCE", help=f"Who asks. {POINT}", autocompletion=POINTS)
]
TargetArgument = Annotated[
    str, typer.Argument(metavar="TARGET", help=f"Who is asked. {POINT}", autocompletion=POINTS)
]
PathArgument = Annotated[str, typer.Argument(metavar="PATH", autocompletion=ids_of("/paths"))]
Proto = Annotated[Protocol, typer.Option("--proto", help="What is asked for.")]
Port = Annotated[
    int | None,
    typer.Option("--port", help="Port of the target, for tcp and udp.", min=0, max=65535, show_default=False),
]
SourcePort = Annotated[
    int | None,
    typer.Option(
        "--source-port", help="Port of the source; any without it.", min=0, max=65535, show_default=False
    ),
]
Fix = Annotated[
    bool, typer.Option("--fix", help="Look for the smallest set of changes that helps, and check it.")
]
Patience = Annotated[float, typer.Option("--timeout", help="Seconds to wait for the answer.", min=0)]


def asked(source: str, target: str, proto: Protocol, port: int | None, source_port: int | None) -> Item:
    """The question as the API takes it."""
    return {
        "source": source,
        "target": target,
        "protocol": proto.value,
        "port": port,
        "source_port": source_port,
    }


@app.command()
def analyze(
    ctx: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help=f"Who asks. {POINT} Or a kept path, without TARGET.", autocompletion=POINTS
        ),
    ],
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET", help=f"Who is asked. {POINT}", autocompletion=POINTS, show_default=False
        ),
    ] = None,
    proto: Proto = Protocol.ICMP,
    port: Port = None,
    source_port: SourcePort = None,
    fix: Fix = False,
    reverse: Annotated[
        bool, typer.Option("--reverse", help="Ask the other way round: the target asks the source.")
    ] = False,
    timeout: Patience = 30,
    output: Output = None,
) -> None:
    """Say whether one reaches the other, hop by hop both ways, what stops it, and what would help.

    The exit status is 0 when the target is reached and its answer would come back, 1 when not, 2 when the question could not be
    answered, 4 when the network does not know.
    """
    session = session_of(ctx)
    if target is None:
        path, body = f"/paths/{source}/analyses", {"fixes": fix}
    else:
        ends = (target, source) if reverse else (source, target)
        path, body = "/analyses", {**asked(*ends, proto, port, source_port), "fixes": fix}
    try:
        analysis = answered(session, session.client.create(path, body), timeout)
    except (Refused, WaitedTooLong) as error:
        raise NoAnswer(str(error)) from None
    status = status_of(analysis)
    if (output or session.output) is OutputFormat.TABLE:
        print_analysis(analysis)
    else:
        session.show(analysis, output)
    raise typer.Exit(status)


def answered(session: Session, analysis: Item, timeout_s: float) -> Item:
    """The analysis once its answer is there."""
    with progress(f"waiting for {analysis['id']} ..."):
        return wait_until(
            session.client, f"/analyses/{analysis['id']}", timeout_s, lambda item: item["state"] != "pending"
        )


def status_of(analysis: Item) -> int:
    """What the command ends with; `NoAnswer` for a question that could not be answered."""
    if analysis["failure"] is not None:
        raise NoAnswer(analysis["failure"]["detail"])
    return STATUSES[analysis["result"]["verdict"]]


@app.command()
def create(
    ctx: typer.Context,
    source: SourceArgument,
    target: TargetArgument,
    proto: Proto = Protocol.ICMP,
    port: Port = None,
    source_port: SourcePort = None,
    name: Name = None,
    description: Description = None,
    output: Output = None,
) -> None:
    """Keep a question, to be asked again and again."""
    body = {**asked(source, target, proto, port, source_port), "name": name, "description": description}
    session_of(ctx).create("/paths", body, output)


@app.command("list")
def list_paths(
    ctx: typer.Context,
    source: Annotated[
        str | None, typer.Option(help="Only those from this resource.", show_default=False)
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Only those to this resource.", show_default=False)
    ] = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List kept questions."""
    session_of(ctx).show_pages(
        "path", "/paths", output, limit=limit, source_id=source, target_id=target, all_accounts=all_accounts
    )


@app.command()
def show(
    ctx: typer.Context,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A path, or an analysis.", autocompletion=ids_of("/paths"))
    ],
    output: Output = None,
) -> None:
    """Show a kept question, or an analysis with its result."""
    session = session_of(ctx)
    if not path.startswith("nra-"):
        session.read(f"/paths/{path}", output)
        return
    analysis = session.client.get(f"/analyses/{path}")
    if (output or session.output) is OutputFormat.TABLE and analysis["result"] is not None:
        print_analysis(analysis)
    else:
        session.show(analysis, output)


@app.command()
def delete(
    ctx: typer.Context,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A path, or an analysis.", autocompletion=ids_of("/paths"))
    ],
    output: Output = None,
) -> None:
    """Delete a kept question with its analyses, or one analysis."""
    session_of(ctx).remove(f"/analyses/{path}" if path.startswith("nra-") else f"/paths/{path}", output)


@app.command()
def analyses(
    ctx: typer.Context,
    path: Annotated[
        str | None,
        typer.Argument(
            metavar="[PATH]",
            help="Only those of this path.",
            autocompletion=ids_of("/paths"),
            show_default=False,
        ),
    ] = None,
    all_accounts: AllAccounts = False,
    limit: Limit = None,
    output: Output = None,
) -> None:
    """List analyses."""
    session_of(ctx).show_pages(
        "analysis", "/analyses", output, limit=limit, path_id=path, all_accounts=all_accounts
    )


@app.command()
def ports(ctx: typer.Context, source: SourceArgument, target: TargetArgument, output: Output = None) -> None:
    """Say exactly which protocols and ports get through between two points, address by address."""
    session = session_of(ctx)
    found = session.client.get("/reachability", source=source, target=target)
    if (output or session.output) is OutputFormat.TABLE:
        session.show_all("reach", found["reach"], output)
        print(f"revision {found['revision']}")
    else:
        session.show(found, output)


@app.command("map")
def show_map(ctx: typer.Context, vpc: VpcArgument, output: Output = None) -> None:
    """Say who reaches whom with what: from a VPC, in it, and into it."""
    session = session_of(ctx)
    found = session.client.get(f"/vpcs/{vpc}/reachability")
    if (output or session.output) is not OutputFormat.TABLE:
        session.show(found, output)
        return
    session.show_all("reach-group", map(group_row, found["groups"]), output)
    more = "" if found["complete"] else "; there is more: ask for pairs with `peerway path ports`"
    print(f"revision {found['revision']}{more}")


def group_row(group: Item) -> Item:
    """A group with its ends as text."""
    ends = {
        side: [" ".join(part for part in (end["id"], end["addresses"]) if part) for end in group[side]]
        for side in ("sources", "targets")
    }
    return {**group, **ends}


@app.command()
def batch(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Questions, one a line: SOURCE TARGET [PROTOCOL [PORT]]; # begins a comment, - is stdin.",
        ),
    ],
    output: Output = None,
) -> None:
    """Answer many questions at once, each with its verdict.

    The exit status is 0 when all are reached, 1 when some are not, 2 when a question could not be asked, 4 when of some it is
    not known.
    """
    session = session_of(ctx)
    questions = read_questions(file)
    rows: list[Item] = []
    try:
        for start in range(0, len(questions), TOGETHER):
            some = questions[start : start + TOGETHER]
            found = session.client.act("/reachability/batch", {"questions": some})
            rows += [
                {**question, **answer, "revision": found["revision"]}
                for question, answer in zip(some, found["answers"], strict=True)
            ]
    except Refused as error:
        raise NoAnswer(str(error)) from None
    session.show_all("ruling", rows, output)
    raise typer.Exit(max((STATUSES[row["verdict"]] for row in rows), key=ORDER.index, default=0))


def read_questions(file: Path) -> list[Item]:
    """The questions of a file; `WrongUsage` names the first line that is none."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise WrongUsage(f"can't read {file}: {error}") from None
    lines = ((number, line.partition("#")[0].split()) for number, line in enumerate(text.splitlines(), 1))
    return [read_question(words, number) for number, words in lines if words]


def read_question(words: list[str], number: int) -> Item:
    """One line of a file; `WrongUsage` when it is no question."""
    match words:
        case [source, target]:
            return {"source": source, "target": target, "protocol": Protocol.ICMP.value}
        case [source, target, protocol]:
            return {"source": source, "target": target, "protocol": protocol}
        case [source, target, protocol, port] if port.isdecimal():
            return {"source": source, "target": target, "protocol": protocol, "port": int(port)}
    raise WrongUsage(f"line {number} is not SOURCE TARGET [PROTOCOL [PORT]]: {' '.join(words)!r}")
