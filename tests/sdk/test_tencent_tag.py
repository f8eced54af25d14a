"""Tencent Cloud's tag service by its own command line, against a running Peerway; and its table against the SDK's classes."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.live import Cloud, Tenant, running_cloud

from peerway.api.tencent.catalogue import PRODUCTS

(TAG,) = (product for product in PRODUCTS if product.name == "tag")

Tccli = Callable[..., subprocess.CompletedProcess[str]]

SOUTH = "ap-guangzhou"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Peerway; tags carry no packets."""
    with running_cloud(tmp_path_factory.mktemp("peerway"), "memory") as running:
        yield running


def ask(tccli: Tccli, tenant: Tenant, service: str, action: str, **given: Any) -> Any:
    """What the command line prints, or the code of the error that it tells."""
    arguments = [
        part
        for name, value in given.items()
        for part in (f"--{name}", value if isinstance(value, str) else json.dumps(value))
    ]
    keys = ("--secretId", tenant.key_id, "--secretKey", tenant.secret)
    place = ("--region", SOUTH, "--endpoint", f"http://{tenant.endpoint}")
    done = tccli(service, action, *arguments, *place, *keys)
    if done.returncode:
        return (done.stderr + done.stdout).partition("code:")[2].split()[0]
    return json.loads(done.stdout)


def test_tags_are_read_and_changed(cloud: Cloud, tccli: Tccli) -> None:
    """API-1, API-3: put on a subnet, read, replaced, taken off."""
    tenant = cloud.tenant("tags")
    vpc_id = ask(tccli, tenant, "vpc", "CreateVpc", VpcName="n", CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    place = {"VpcId": vpc_id, "SubnetName": "s", "CidrBlock": "10.1.1.0/24", "Zone": f"{SOUTH}-1"}
    id = ask(tccli, tenant, "vpc", "CreateSubnet", **place)["Subnet"]["SubnetId"]
    name = f"qcs::vpc:{SOUTH}:uin/:subnet/{id}"

    def read() -> dict[str, str]:
        kind = {"ServiceType": "vpc", "ResourcePrefix": "subnet", "ResourceRegion": SOUTH}
        answer = ask(tccli, tenant, "tag", "DescribeResourceTagsByResourceIds", ResourceIds=[id], **kind)
        assert answer["TotalCount"] == len(answer["Tags"])
        return {one["TagKey"]: one["TagValue"] for one in answer["Tags"]}

    assert read() == {}
    new = [{"TagKey": "环境", "TagValue": "测试"}, {"TagKey": "by", "TagValue": "us"}]
    ask(tccli, tenant, "tag", "ModifyResourceTags", Resource=name, ReplaceTags=new)
    assert read() == {"环境": "测试", "by": "us"}
    ask(tccli, tenant, "tag", "UnTagResources", ResourceList=[name], TagKeys=["by"])
    ask(tccli, tenant, "tag", "TagResources", ResourceList=[name], Tags=[{"TagKey": "k", "TagValue": ""}])
    assert read() == {"环境": "测试", "k": ""}
    gone = name.replace(id, "subnet-12345678")
    refused = ask(tccli, tenant, "tag", "UnTagResources", ResourceList=[gone], TagKeys=["k"])
    assert refused == "InvalidParameterValue.ResourceIdInvalid"


def test_the_table_takes_what_clients_send() -> None:
    """API-2: each parameter of the SDK's requests is in its action's row, no other, and every action is in the table."""
    path = Path(sys.prefix, "sdk", "tccli", "tccli", "services", "tag", "v20180813", "api.json")
    theirs = json.loads(path.read_text("utf-8"))
    assert theirs["actions"].keys() == {*TAG.unsupported, *TAG.actions}
    for name, action in TAG.actions.items():
        members = theirs["objects"][theirs["actions"][name]["input"]]["members"]
        assert {one.name: one.required for one in action.parameters} == {
            one["name"]: one["required"] for one in members
        }
