"""`peerway profile`: the profile file, which keeps addresses and tokens so that nobody has to export them."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from peerway.cli.errors import WrongUsage
from peerway.cli.options import Output
from peerway.cli.output import OutputFormat
from peerway.cli.profile import config_file, find_profile
from peerway.cli.session import session_of

app = typer.Typer(
    name="profile",
    help="The installations and accounts that this command line knows.",
    add_completion=False,
    no_args_is_help=True,
)


@app.command()
def save(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    url: Annotated[str | None, typer.Option(help="Address of the API.", show_default=False)] = None,
    token: Annotated[
        str | None,
        typer.Option(help="Bearer token.", envvar="PEERWAY_TOKEN", show_default=False, show_envvar=True),
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="Certificates to trust instead of the system's.", show_default=False)
    ] = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(help="Take address and token from what `peerway up` wrote.", show_default=False),
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="Use it when none is named.")] = False,
) -> None:
    """Save how to reach an installation as one account."""
    section = read_ready(ready_file) if ready_file else {}
    section |= {
        key: value for key, value in (("url", url), ("token", token if not ready_file else None)) if value
    }
    if ca_file:
        section["ca_file"] = str(ca_file.absolute())
    if not {"url", "token"} <= section.keys():
        raise WrongUsage("give --ready-file, or --url and --token")
    path = store(name, section, default=default)
    find_profile(os.environ, name)
    if session_of(ctx).output is OutputFormat.TABLE:
        print(f"saved profile {name} in {path}")


@app.command("list")
def list_profiles(ctx: typer.Context, output: Output = None) -> None:
    """List the saved profiles, without their tokens."""
    document = read(config_file(os.environ))
    items = [
        {"name": name, "url": section.get("url", ""), "default": name == document.get("default")}
        for name, section in document.get("profiles", {}).items()
    ]
    session_of(ctx).show_all("saved", items, output)


@app.command()
def delete(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Forget a profile."""
    path = config_file(os.environ)
    document = read(path)
    if document.get("profiles", {}).pop(name, None) is None:
        raise WrongUsage(f"there is no profile {name} in {path}")
    if document.get("default") == name:
        del document["default"]
    write(path, document)
    if session_of(ctx).output is OutputFormat.TABLE:
        print(f"forgot profile {name}")


def store(name: str, section: dict[str, Any], *, default: bool = False) -> Path:
    """Put a profile into the profile file, as the default when it is the first; the file's path."""
    path = config_file(os.environ)
    document = read(path)
    document.setdefault("profiles", {})[name] = section
    if default or len(document["profiles"]) == 1:
        document["default"] = name
    write(path, document)
    return path


def read_ready(path: Path) -> dict[str, Any]:
    """`url` and `token` of a ready file; `WrongUsage` when it has none."""
    try:
        ready = json.loads(path.read_text("utf-8"))
        return {"url": ready["url"], "token": ready["token"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongUsage(f"{path} is no ready file of an installation with a dev account: {error}") from None


def read(path: Path) -> dict[str, Any]:
    """The profile file's contents; empty when there is none."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise WrongUsage(f"can't read {path}: {error}") from None


def write(path: Path, document: dict[str, Any]) -> None:
    """Write the profile file anew, readable by its owner alone."""
    lines = [f"default = {quoted(document['default'])}"] if "default" in document else []
    for name, section in document.get("profiles", {}).items():
        lines += [
            "",
            f"[profiles.{quoted(name)}]",
            *(f"{key} = {quoted(str(value))}" for key, value in section.items()),
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text("\n".join([*lines, ""]), "utf-8")
    draft.replace(path)


def quoted(text: str) -> str:
    """A TOML basic string; JSON's strings are a subset of them."""
    return json.dumps(text)
