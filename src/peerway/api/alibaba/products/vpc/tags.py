"""Tags and resource groups of what the product has."""

from __future__ import annotations

from peerway.api.alibaba.products.expressconnect.tags import KINDS
from peerway.api.alibaba.products.vpc.product import PRODUCT
from peerway.api.alibaba.tagging import LabelledKind, serve_labels
from peerway.app.usecases.eips import get_eip
from peerway.app.usecases.ipv4_gateways import get_ipv4_gateway
from peerway.app.usecases.nat_gateways import get_nat_gateway
from peerway.app.usecases.network_acls import get_network_acl
from peerway.app.usecases.route_tables import get_route_table
from peerway.app.usecases.vpcs import get_vpc
from peerway.app.usecases.vswitches import get_vswitch

serve_labels(
    PRODUCT,
    {
        "VPC": LabelledKind("vpc", get_vpc),
        "VSWITCH": LabelledKind("vswitch", get_vswitch),
        "ROUTETABLE": LabelledKind("route_table", get_route_table),
        "NETWORKACL": LabelledKind("network_acl", get_network_acl),
        "EIP": LabelledKind("eip", get_eip),
        "NATGATEWAY": LabelledKind("nat_gateway", get_nat_gateway),
        "IPV4GATEWAY": LabelledKind("ipv4_gateway", get_ipv4_gateway),
        **KINDS,
    },
)
