"""The tables of the second version hold what is asked of it."""

from peerway.api.tencent.v2.catalogue import PRODUCTS


def test_the_second_version_has_the_seeds_thirteen_actions():
    """API-3: each verb for one region and across, and the list."""
    verbs = ("Create", "Delete", "Modify", "Accept", "Reject", "Enable")
    names = {f"{verb}VpcPeeringConnection{suffix}" for verb in verbs for suffix in ("", "Ex")}
    names.add("DescribeVpcPeeringConnections")
    assert len(names) == 13
    assert names <= {name for product in PRODUCTS for name in product.actions}
