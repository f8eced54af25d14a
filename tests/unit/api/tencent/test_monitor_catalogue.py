"""The table of the monitor's actions holds what the SDK can ask for."""

import re
from inspect import getsource

from tencentcloud.monitor.v20180724.monitor_client import MonitorClient

from peerway.api.tencent.catalogue import PRODUCTS as NEW
from peerway.api.tencent.v2.catalogue import PRODUCTS


def test_every_action_of_the_sdk_is_there_or_known_to_be_missing():
    """API-3: none is both, none is forgotten."""
    asked = set(re.findall(r'self\.call\("(\w+)"', getsource(MonitorClient)))
    product = next(one for one in NEW if one.name == "monitor")
    there, missing = set(product.actions), set(product.unsupported)
    assert not there & missing
    assert there | missing == asked


def test_the_second_version_has_the_seeds_thirteen_actions():
    """API-3: each verb for one region and across, and the list."""
    verbs = ("Create", "Delete", "Modify", "Accept", "Reject", "Enable")
    names = {f"{verb}VpcPeeringConnection{suffix}" for verb in verbs for suffix in ("", "Ex")}
    names.add("DescribeVpcPeeringConnections")
    assert len(names) == 13
    assert names <= {name for product in PRODUCTS for name in product.actions}
