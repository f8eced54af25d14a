"""What every use case needs beside the transaction: the catalogues and where new ids come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from peerway.domain.errors import InvalidInput
from peerway.domain.line import AccessPoints
from peerway.domain.region import Regions
from peerway.profiles.metrics import Metrics, load_metrics
from peerway.profiles.model import Profile
from peerway.profiles.prices import PriceBook


class Entropy(Protocol):
    """Source of ids and secrets."""

    def new_id(self, prefix: str) -> str:
        """A fresh id, `prefix-` and 20 characters of [a-z0-9]."""

    def new_uid(self) -> str:
        """A fresh account number: 16 digits, the first not 0."""

    def new_number(self) -> int:
        """A fresh whole number from 1 on, below 2^53: every JSON reader has it exactly."""

    def new_access_key_id(self) -> str:
        """A fresh access key id, `LTAI` and 20 letters or digits."""

    def new_secret(self) -> str:
        """A fresh secret of at least 30 characters."""


class Sealer(Protocol):
    """Keeps secrets in the store unreadable without the installation's key."""

    def seal(self, secret: str) -> str:
        """Encrypt."""

    def unseal(self, sealed: str) -> str:
        """Decrypt; `Unavailable` when the key does not fit."""


@dataclass(frozen=True, slots=True)
class World:
    """The catalogues and services that use cases decide with."""

    #: Regions of the installation.
    regions: Regions
    #: Profiles by name.
    profiles: Mapping[str, Profile]
    #: Limits of the installation by name.
    limits: Mapping[str, int]
    #: Ids and secrets.
    entropy: Entropy
    #: Encryption of stored secrets.
    sealer: Sealer
    #: Where leased lines come in.
    access_points: AccessPoints
    #: What things cost, by the day from which on they do.
    prices: tuple[PriceBook, ...]
    #: What products call their metrics.
    metrics: Metrics = field(default_factory=load_metrics)
    #: Port of every leased line, `netns:PATH`, where the installation gives it by itself; None where an operator does.
    line_port: str | None = None

    def require_profile(self, name: str, field: str = "profile") -> Profile:
        """The profile, or `InvalidInput` naming the field."""
        profile = self.profiles.get(name)
        if profile is None:
            raise InvalidInput(field, f"must be one of {', '.join(self.profiles)}", name)
        return profile
