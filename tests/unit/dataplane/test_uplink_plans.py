"""What a router's uplinks become, as far as this machine's kernel may lack what it takes."""

import pytest
from tests.builders.fabrics import transfer, vbr

from peerway.adapters.dataplane.kernel import codec
from peerway.adapters.dataplane.kernel.codec import End, attributes
from peerway.adapters.dataplane.kernel.encode import encode_router
from peerway.adapters.dataplane.kernel.names import BORROWED_GROUP, TAGGED_GROUP, uplink_interface
from peerway.domain.port import Port, PortKind
from peerway.fabric.model import ToUplink

LINE = transfer("172.30.0.1/30", "172.30.0.2")


@pytest.mark.parametrize(
    ("tag", "vlans", "kind", "group"),
    [
        (7, True, "vlan", TAGGED_GROUP),
        (7, False, "", BORROWED_GROUP),
        (0, True, "", BORROWED_GROUP),
        (0, False, "", BORROWED_GROUP),
    ],
)
def test_a_tagged_line_is_a_sub_interface_where_the_kernel_has_them(
    tag: int, vlans: bool, kind: str, group: int
) -> None:
    """EC-10: a VBR is an 802.1Q interface on its line; without 802.1Q, or untagged, it is the interface itself."""
    router = vbr("vbr-a", Port(PortKind.INTERFACE, "eth1", tag), {"0.0.0.0/0": ToUplink("vbr-a")}, {}, LINE)
    plan = encode_router(router, {}, vlans=vlans)
    (branch,) = plan.branches
    assert (branch.kind, branch.host, branch.end.group) == (kind, "eth1", group)
    assert branch.vlan == tag
    assert plan.state.interfaces[branch.end.number].name == branch.end.name == uplink_interface("vbr-a")


def test_sub_interface_request_says_parent_tag_and_namespace() -> None:
    """The kernel's ABI: IFLA_LINK, IFLA_NET_NS_FD, and IFLA_VLAN_ID in the particulars of kind `vlan`."""
    message = codec.new_branch("vlan", End(1234, "u1", b"", TAGGED_GROUP), 5, 4094, 9, "vbr-a")
    found = attributes(message.body, 16)
    info = attributes(found[18], 0)
    assert (message.type, message.owner) == (codec.NEWLINK, "vbr-a")
    assert codec.interface_index(message.body) == 1234
    assert found[3] == b"u1\0"
    assert 1 not in found  # the parent's own address
    assert [int.from_bytes(found[one], "little") for one in (5, 28, 27)] == [5, 9, TAGGED_GROUP]
    assert info[1] == b"vlan\0"
    assert attributes(info[2], 0) == {1: (4094).to_bytes(2, "little")}
