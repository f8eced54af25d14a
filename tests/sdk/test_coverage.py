"""The clouds' actions, by the names of the SDKs' clients: each is done, or said not to be done; none is forgotten."""

import re
from collections.abc import Sequence
from importlib import import_module
from inspect import getsource

import pytest

from peerway.api.alibaba.catalogue import PRODUCTS as ALIBABA
from peerway.api.clouds.action import Product
from peerway.api.tencent.catalogue import PRODUCTS as TENCENT

#: Modules of the SDKs' clients by product and version. JD Cloud's services are held to their SDK's paths elsewhere
#: (tests/unit/api/jdcloud), and what has no SDK in the lock is held to nothing.
CLIENTS = {
    ("VpcPeer", "2022-01-01"): "alibabacloud_vpcpeer20220101.client",
    ("Vpc", "2016-04-28"): "alibabacloud_vpc20160428.client",
    ("Ecs", "2014-05-26"): "alibabacloud_ecs20140526.client",
    ("nis", "2021-12-16"): "alibabacloud_nis20211216.client",
    ("Cms", "2019-01-01"): "alibabacloud_cms20190101.client",
    ("Sts", "2015-04-01"): "alibabacloud_sts20150401.client",
    ("quotas", "2020-05-10"): "alibabacloud_quotas20200510.client",
    ("BssOpenApi", "2017-12-14"): "alibabacloud_bssopenapi20171214.client",
    ("vpc", "2017-03-12"): "tencentcloud.vpc.v20170312.vpc_client",
    ("monitor", "2018-07-24"): "tencentcloud.monitor.v20180724.monitor_client",
}
#: Products that no SDK of the lock is for.
WITHOUT_SDK = {
    *(("ResourceManager", "2020-03-31"), ("CDT", "2021-08-13"), ("Location", "2015-06-12")),
    ("tag", "2018-08-13"),
}
#: How a client's source names the action that a method calls: Alibaba Cloud's, Tencent Cloud's.
CALLED = re.compile(r"""action\s*=\s*'(\w+)'|self\.call\("(\w+)\"""")


def parts_of(name: str, version: str) -> Sequence[Product]:
    """The tables of a product: Alibaba Cloud's Vpc has two, as Express Connect has one of its own."""
    return [one for one in (*ALIBABA, *TENCENT) if (one.name, one.version) == (name, version)]


@pytest.mark.parametrize(("product", "module"), CLIENTS.items(), ids=["-".join(one) for one in CLIENTS])
def test_every_action_of_the_sdk_is_done_or_said_not_to_be(product: tuple[str, str], module: str) -> None:
    """API-1: the actions of the SDK's client are the table's and those that it calls unsupported, and none is both."""
    called = {one or other for one, other in CALLED.findall(getsource(import_module(module)))}
    parts = parts_of(*product)
    done = {name for part in parts for name in part.actions}
    missing = {name for part in parts for name in part.unsupported}
    assert not done & missing
    assert done | missing == called


def test_every_product_is_looked_at() -> None:
    """A new product of a catalogue has to have its SDK named here."""
    products = {(one.name, one.version) for one in (*ALIBABA, *TENCENT)}
    assert products - CLIENTS.keys() - WITHOUT_SDK == set()
    assert CLIENTS.keys() - products == set()
