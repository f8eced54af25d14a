"""A caller that asks first: each request is previewed before it is made, and the two are compared."""

from __future__ import annotations

import json
from typing import Any

from tests.support.api import Account, Site

from peerway.analysis.difference import difference
from peerway.analysis.network import Network
from peerway.api.native.app import all_operations
from peerway.api.native.call import encode
from peerway.api.native.door import Paths
from peerway.app.following import read_all
from peerway.app.store import Reader
from peerway.app.usecases.foresee import settle_changed
from peerway.app.usecases.kinds import WORDS
from peerway.app.usecases.limit_uses import USES
from peerway.app.usecases.paths.reach_effects import reach_effects
from peerway.app.usecases.quotas import list_quotas
from peerway.domain.account import Caller, Role
from peerway.fabric.snapshot import Snapshot


def network_of(reader: Reader) -> Network:
    """The stored network."""
    return Network.of(Snapshot.of(reader.revision, read_all(reader)))


class Rehearsing:
    """Makes requests whose previews have to come true."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.paths = Paths(all_operations())
        #: Operations that were previewed with success, as (method, path).
        self.seen: set[tuple[str, str]] = set()

    def do(self, account: Account, method: str, path: str, body: Any = None) -> Any:
        """Preview a request, make it, let the data plane do its part, and compare; what the request answered."""
        preview = self.ask(account, method, path, body)
        before = self.site.store.read(network_of)
        since = self.site.store.latest_revision()
        response = account.call(method, path, body, headers={"Idempotency-Key": f"key-{since}"})
        assert response.status_code == preview["status"], response.text
        answer = response.json()
        self.settle(since)
        self.compare(account, preview, answer, before)
        names = made_up(preview["answer"], answer)
        for quota in preview["quotas"]:
            of = names.get(quota["used_by"], quota["used_by"])
            assert self.used(quota, of) == quota["after"], (method, path, quota)
        return answer

    def ask(self, account: Account, method: str, path: str, body: Any = None) -> Any:
        """The preview of a request, which must have stored nothing."""
        stored, nudges = self.stored(), self.site.agent.nudges
        joint = "&" if "?" in path else "?"
        key = {"Idempotency-Key": f"key-{self.site.store.latest_revision()}"} if path != "/changes" else {}
        response = account.call(method, f"{path}{joint}preview=true", body, headers=key)
        assert response.status_code == 200, (method, path, response.text)
        assert self.stored() == stored, (method, path)
        assert self.site.agent.nudges == nudges
        found = self.paths.find(path.partition("?")[0])
        assert found is not None
        self.seen.add((method, found[0].operations[method][0].path))
        return response.json()

    def stored(self) -> tuple[object, ...]:
        """Everything that is stored."""
        store = self.site.store
        resources = store.read(lambda tx: [tx.select(kind) for kind in WORDS])
        return store.latest_revision(), store.audit_log(None, limit=100_000), resources

    def settle(self, since: int) -> None:
        """Let the data plane have done its part of what was stored after a revision."""
        self.site.store.write(lambda tx: settle_changed(tx, self.site.services.world, since))

    def compare(self, account: Account, preview: Any, answer: Any, before: Network) -> None:
        """The difference that was foretold is the one that came about; what was made has other ids now."""
        after = self.site.store.read(network_of)
        caller = self.caller(account)
        found = reach_effects(caller, before, after, difference(before, after))
        text = json.dumps(preview["reachability"])
        for foretold, real in made_up(preview["answer"], answer).items():
            text = text.replace(foretold, real)
        assert normal(json.loads(text)) == normal(json.loads(encode(found)))

    def caller(self, account: Account) -> Caller:
        """Who the account's requests come from."""
        role = Role.OPERATOR if account is self.site.operator else Role.MEMBER
        return Caller(account.uid, role, "key")

    def used(self, quota: Any, of: str) -> int:
        """How much is used of a quota by one thing, counted anew from all that there is."""
        world, account = self.site.services.world, Caller(quota["uid"], Role.MEMBER, "key")
        if quota["profile"] is None:
            return self.site.store.read(lambda tx: USES[quota["name"]](tx, account.uid)[of])
        shown = self.site.store.read(lambda tx: list_quotas(tx, world, account, profile=quota["profile"]))
        return next(each.used for each in shown if each.name == quota["name"])


def made_up(foretold: Any, real: Any) -> dict[str, str]:
    """What texts of a foretold answer are really."""
    names: dict[str, str] = {}
    if isinstance(foretold, dict) and isinstance(real, dict):
        for name in foretold.keys() & real.keys():
            names |= made_up(foretold[name], real[name])
    elif isinstance(foretold, list) and isinstance(real, list):
        for one, other in zip(foretold, real, strict=False):
            names |= made_up(one, other)
    elif isinstance(foretold, str) and isinstance(real, str) and foretold != real and len(foretold) > 10:
        names[foretold] = real
    return names


def normal(reach: Any) -> Any:
    """Effects without an order."""
    changes = [
        {**change, **{end: sorted(change[end], key=str) for end in ("sources", "targets")}}
        for change in reach["changes"]
    ]
    return {
        **reach,
        "changes": sorted(changes, key=str),
        **{k: sorted(reach[k], key=str) for k in ("dark", "revived")},
    }
