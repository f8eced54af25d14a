"""Where the API is and who asks: from the environment or the user's profile file.

`PEERWAY_URL` and `PEERWAY_TOKEN` come first, unless `--profile` is given. The file is `~/.config/peerway/config.toml`:

    default = "lab"

    [profiles.lab]
    url = "https://peerway.example:8520"
    token = "..."
    ca_file = "/etc/peerway/ca.pem"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerway.cli.errors import WrongUsage

#: Where `peerway up` listens unless told otherwise.
DEFAULT_URL = "http://127.0.0.1:8520"


@dataclass(frozen=True, slots=True)
class Profile:
    """How to reach one installation as one account."""

    #: Address of the API, without `/api/v1`.
    url: str = DEFAULT_URL
    #: Bearer token; empty for none.
    token: str = ""
    #: File with the certificates to trust instead of the system's.
    ca_file: Path | None = None

    def __repr__(self) -> str:
        """The address alone: a token may not reach a log or a trace."""
        return f"Profile({self.url})"


def config_file(environ: Mapping[str, str]) -> Path:
    """The profile file: `$PEERWAY_CONFIG`, else `peerway/config.toml` in the user's configuration folder."""
    if path := environ.get("PEERWAY_CONFIG"):
        return Path(path)
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config"
    return Path(home) / "peerway" / "config.toml"


def find_profile(environ: Mapping[str, str], name: str | None = None) -> Profile:
    """The profile to use; `WrongUsage` when a named one is missing or the file can't be read.

    What the environment says replaces what the profile says, unless the profile was named by an option.
    """
    wanted = name or environ.get("PEERWAY_PROFILE")
    if name is None and "PEERWAY_URL" in environ and "PEERWAY_TOKEN" in environ:
        return Profile(
            _clean(environ["PEERWAY_URL"]), environ["PEERWAY_TOKEN"], _path(environ.get("PEERWAY_CA"))
        )
    stored = _read(config_file(environ), wanted)
    if name is not None:
        return stored
    return Profile(
        url=_clean(environ.get("PEERWAY_URL") or stored.url),
        token=environ.get("PEERWAY_TOKEN") or stored.token,
        ca_file=_path(environ.get("PEERWAY_CA")) or stored.ca_file,
    )


def _read(path: Path, wanted: str | None) -> Profile:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if wanted:
            raise WrongUsage(f"there is no profile {wanted}: {path} does not exist") from None
        return Profile()
    except OSError as error:
        raise WrongUsage(f"can't read {path}: {error.strerror}") from None
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongUsage(f"{path} is not TOML: {error}") from None
    name = wanted or raw.get("default")
    if name is None:
        return Profile()
    section = raw.get("profiles", {}).get(name)
    if not isinstance(section, dict):
        raise WrongUsage(f"there is no profile {name} in {path}")
    return Profile(
        _clean(str(section.get("url", DEFAULT_URL))),
        str(section.get("token", "")),
        _path(section.get("ca_file")),
    )


def _clean(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise WrongUsage(f"the address must begin with http:// or https://, not {url!r}")
    return url.rstrip("/").removesuffix("/api/v1")


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
