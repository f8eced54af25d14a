"""Alibaba's Vpc over a store in memory: requests as the clients send them, and answers held against the SDK's own models."""

from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_vpc20160428 import models
from tests.support.api import Account, Site
from tests.support.terraform import Provider, Refused

from peerway.app.usecases.settling import SETTLINGS, settle_with

HERE, THERE = "cn-hangzhou", "cn-beijing"


class VpcDoor:
    """One account's way to Vpc in one region."""

    def __init__(self, site: Site, account: Account, region: str = HERE) -> None:
        self.site, self.account = site, account
        endpoint = str(site.client.base_url).removeprefix("http://").rstrip("/")
        self._provider = Provider(endpoint, account.key_id, account.secret, region)

    def close(self) -> None:
        """Let go of the connections."""
        self._provider.close()

    def __call__(self, action: str, **parameters: Any) -> dict[str, Any]:
        """The answer of an action; the SDK's model of it knows every field, and where lists are."""
        answer = self._provider.call(action, **parameters)
        told = getattr(models, f"{action}ResponseBody")().from_map(answer).to_map()
        assert told == answer, f"{action}: {_unknown(told, answer)}"
        return answer

    def refused(self, action: str, **parameters: Any) -> tuple[str, int]:
        """Code and status of the error that the request is answered with."""
        with pytest.raises(Refused) as caught:
            self._provider.call(action, **parameters)
        assert caught.value.answer["Message"], action
        return caught.value.code, caught.value.status

    def code(self, action: str, **parameters: Any) -> str:
        """The code alone."""
        return self.refused(action, **parameters)[0]

    def vpc(self, cidr: str = "10.0.0.0/16", **fields: Any) -> dict[str, Any]:
        """A new VPC: ids of itself, its router and its system table."""
        return self("CreateVpc", CidrBlock=cidr, **fields)

    def vswitch(self, vpc: dict[str, Any], cidr: str = "10.0.1.0/24", **fields: Any) -> str:
        """A new VSwitch in the VPC; its id."""
        zone = f"{self._provider.region}-h"
        made = self("CreateVSwitch", VpcId=vpc["VpcId"], ZoneId=zone, CidrBlock=cidr, **fields)
        return str(made["VSwitchId"])

    def entries(self, table_id: str) -> dict[str, dict[str, Any]]:
        """Entries of a table by their destinations, as the older list has them."""
        (table,) = self("DescribeRouteTables", RouteTableId=table_id)["RouteTables"]["RouteTable"]
        return {entry["DestinationCidrBlock"]: entry for entry in table["RouteEntrys"]["RouteEntry"]}

    def settle(self, kind: type[Any]) -> None:
        """Do what the reconciler does once the data plane has reached everything of a kind."""
        for found in self.site.store.read(lambda tx: tx.select(kind)):
            if SETTLINGS[kind].waits(found):
                self.site.store.write(settle_with(self.site.services.world, found))


def _unknown(told: Any, answer: Any) -> Any:
    """The parts of an answer that the SDK's model does not have, or has otherwise."""
    if isinstance(told, dict) and isinstance(answer, dict):
        names = told.keys() | answer.keys()
        return {
            name: _unknown(told.get(name), answer.get(name))
            for name in names
            if told.get(name) != answer.get(name)
        }
    return told, answer
