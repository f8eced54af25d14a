"""Ecs as the clouds' clients see it: the requests that its tests make again and again, and the data plane's part."""

from __future__ import annotations

from typing import Any

from tests.support.api import Site
from tests.support.express import provider
from tests.support.terraform import ECS, Provider

from peerway.app.usecases.settling import SETTLINGS, settle_with
from peerway.domain.vpc import Instance


class Ecs:
    """A new account's client at a site's door, with a VPC and a VSwitch."""

    def __init__(self, site: Site) -> None:
        self.site, self.account = site, site.account()
        self.provider: Provider = provider(site, self.account)
        self.vpc = self.account.vpc()
        self.vswitch = self.account.vswitch(self.vpc)

    def close(self) -> None:
        """Let go of the connections."""
        self.provider.close()

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """One request."""
        return self.provider.call(action, ECS, **parameters)

    def code(self, action: str, **parameters: Any) -> str:
        """The code of the error that a request is answered with."""
        return self.provider.code(self.call, action, **parameters)

    def settle(self) -> None:
        """Do what the reconciler does once the data plane has reached everything."""
        for found in self.site.store.read(lambda tx: tx.select(Instance)):
            if SETTLINGS[Instance].waits(found):
                self.site.store.write(settle_with(self.site.services.world, found))

    def group(self, **fields: Any) -> str:
        """A new security group; its id."""
        asked = {"VpcId": self.vpc["id"], "SecurityGroupName": "web", **fields}
        return str(self.call("CreateSecurityGroup", **asked)["SecurityGroupId"])

    def rules(self, group: str, direction: str = "all") -> list[dict[str, Any]]:
        """The rules of a group as its description has them."""
        told = self.call("DescribeSecurityGroupAttribute", SecurityGroupId=group, Direction=direction)
        return list(told["Permissions"]["Permission"])

    def run(self, **fields: Any) -> list[str]:
        """New instances; their ids."""
        asked = {"VSwitchId": self.vswitch["id"], "ImageId": "any", "InstanceType": "ecs.g6.large", **fields}
        return list(self.call("RunInstances", **asked)["InstanceIdSets"]["InstanceIdSet"])

    def instances(self, **filters: Any) -> list[dict[str, Any]]:
        """Instances as their list has them."""
        return list(self.call("DescribeInstances", **filters)["Instances"]["Instance"])

    def status(self, id: str) -> str:
        """Where an instance is in its life."""
        return str(self.call("DescribeInstanceAttribute", InstanceId=id)["Status"])
