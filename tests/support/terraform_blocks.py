"""Provider blocks for tests of Terraform's resources, each of an account of the test's own."""

from __future__ import annotations

import ssl

from tests.support.live import Cloud, Tenant
from tests.support.sites import Site
from tests.support.terraform import STS, Provider
from tests.support.terraform_graph import Configuration, Resource

HERE, THERE = "cn-hangzhou", "cn-beijing"


class Providers:
    """Makes provider blocks, each for a new account or for one that is there."""

    def __init__(self, cloud: Cloud, trust: ssl.SSLContext, prefix: str) -> None:
        self._cloud, self._trust, self._prefix = cloud, trust, prefix
        self.made: list[Provider] = []
        self._tenants: dict[str, Tenant] = {}

    def __call__(self, name: str = "own", region: str = HERE, protocol: str = "http") -> Provider:
        tenant = self._cloud.tenant(f"{self._prefix}-{name}")
        self._tenants[tenant.key_id] = tenant
        block = Provider(tenant.endpoint, tenant.key_id, tenant.secret, region, protocol, self._trust)
        self.made.append(block)
        return block

    def site(self, instance: Resource) -> Site:
        """An instance of one of the accounts, as the oracles know it."""
        return site_of(self._tenants[instance.provider.key_id], instance)

    @staticmethod
    def uid(of: Provider) -> str:
        """The data source `alicloud_account`."""
        return str(of.query("GetCallerIdentity", STS)["AccountId"])


def site_of(tenant: Tenant, instance: Resource) -> Site:
    """An account's instance as the oracles know it."""
    shown = tenant.get(f"/instances/{instance.id}")
    vpc = tenant.get(f"/vpcs/{shown['vpc_id']}")
    return Site(tenant, vpc["region_id"], vpc, tenant.get(f"/vswitches/{shown['vswitch_id']}"), shown)


def applied(*resources: Resource) -> Configuration:
    """A configuration after its apply; a plan is empty then."""
    configuration = Configuration(*resources)
    configuration.apply()
    assert configuration.plan() == []
    return configuration
