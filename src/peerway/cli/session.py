"""What one call of the command line has: the options before the verb, the client they lead to, and how to answer.

Commands get it from Typer's context; nothing here is shared between calls.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import typer

from peerway.cli.client import Client, Item
from peerway.cli.errors import WrongUsage
from peerway.cli.output import OutputFormat, show_item, show_items
from peerway.cli.profile import Profile, find_profile
from peerway.cli.waiting import progress, wait_until_gone, wait_until_settled


@dataclass(frozen=True)
class Session:
    """The options before the verb, and what commands need."""

    #: Name of the profile to use; None for what the environment says.
    profile: str | None = None
    #: Format of the answer unless the command says otherwise.
    output: OutputFormat = OutputFormat.TABLE
    #: Whether requests that change something only ask what they would do, and end the command.
    preview: bool = False

    @cached_property
    def connection(self) -> Profile:
        """Where the API is and who asks."""
        return find_profile(os.environ, self.profile)

    @cached_property
    def client(self) -> Client:
        """The API's client, made at first use."""
        return Client(self.connection, preview=self.preview)

    def close(self) -> None:
        """Let go of the client's connections, when there are any."""
        if "client" in self.__dict__:
            self.client.close()

    def show(self, item: object, output: OutputFormat | None) -> None:
        """Print one object."""
        show_item(item, output or self.output)

    def show_all(self, kind: str, items: Iterable[Mapping[str, Any]], output: OutputFormat | None) -> None:
        """Print a list."""
        show_items(kind, items, output or self.output)

    def show_pages(
        self,
        kind: str,
        path: str,
        output: OutputFormat | None,
        *,
        limit: int | None = None,
        all_accounts: bool = False,
        **params: object,
    ) -> None:
        """Print a list of the API's, page by page; at most `limit` of it."""
        items = self.client.pages(path, limit=limit, all_accounts=all_accounts or None, **params)
        self.show_all(kind, items, output)

    def read(self, path: str, output: OutputFormat | None) -> None:
        """Print what the API has at a path."""
        self.show(self.client.get(path), output)

    def create(
        self,
        path: str,
        body: Mapping[str, object],
        output: OutputFormat | None,
        wait_s: float | None = None,
    ) -> None:
        """Make something in the list at a path, wait until it is there when told to, and print it."""
        item = self.client.create(path, body)
        made = item if wait_s is None else self.settle(f"{path}/{item['id']}", item, wait_s)
        self.show(made, output)

    def change(
        self,
        path: str,
        body: Mapping[str, object],
        output: OutputFormat | None,
        wait_s: float | None = None,
        *,
        revision: int | None = None,
    ) -> None:
        """Change a resource, wait until that is done when told to, and print it; with `revision` only while it is at that one."""
        item = self.client.change(path, body, revision=revision)
        self.show(self.settle(path, item, wait_s), output)

    def act(
        self,
        path: str,
        verb: str,
        output: OutputFormat | None,
        wait_s: float | None = None,
        *,
        body: Mapping[str, object] | None = None,
        revision: int | None = None,
    ) -> None:
        """Do something to a resource, with the same choices as `change`, and print it."""
        item = self.client.act(f"{path}/{verb}", body, revision=revision)
        self.show(self.settle(path, item, wait_s), output)

    def settle(self, path: str, item: Item, wait_s: float | None) -> Item:
        """The resource once it is in a state that lasts; as it is when `wait_s` is None."""
        if wait_s is None:
            return item
        with progress(f"waiting for {item.get('id', path)} ..."):
            return wait_until_settled(self.client, path, wait_s)

    def remove(
        self,
        path: str,
        output: OutputFormat | None,
        wait_s: float | None = None,
        *,
        revision: int | None = None,
        **params: object,
    ) -> None:
        """Delete a resource, with the same choices as `change`, and print what the API answered."""
        item = self.client.delete(path, revision=revision, **params)
        if wait_s is not None:
            with progress(f"waiting until {path.rsplit('/', 1)[-1]} is gone ..."):
                wait_until_gone(self.client, path, wait_s)
        how = output or self.output
        if how is OutputFormat.ID:
            print(path.rsplit("/", 1)[-1])
        elif how is OutputFormat.TABLE:
            waits = wait_s is None and item is not None and item.get("state") == "deleting"
            print(f"{path.rsplit('/', 1)[-1]} {'is being deleted' if waits else 'is gone'}")
        else:
            show_item(item or {}, how)


def session_of(ctx: typer.Context) -> Session:
    """The session of the call."""
    session = ctx.find_object(Session)
    if session is None:
        raise AssertionError("the root command makes the session")
    return session


def given(**fields: object) -> dict[str, object]:
    """The fields that were given, for an update; `WrongUsage` when there are none."""
    body = {name: value for name, value in fields.items() if value is not None}
    if not body:
        raise WrongUsage(f"nothing to change: give at least one of {', '.join(fields)}")
    return body
