"""Tags of router interfaces, border routers and leased lines, by the family of actions that Express Connect has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from peerway.api.alibaba.products.expressconnect.product import PRODUCT
from peerway.api.alibaba.tagging import LabelledKind, serve_labels
from peerway.app.usecases.lines import get_line
from peerway.app.usecases.router_interfaces import get_router_interface
from peerway.app.usecases.vbrs import get_vbr

KINDS: Final[Mapping[str, LabelledKind]] = {
    "PHYSICALCONNECTION": LabelledKind("physical_connection", get_line),
    "VIRTUALBORDERROUTER": LabelledKind("vbr", get_vbr),
    "ROUTERINTERFACE": LabelledKind("router_interface", get_router_interface),
}

serve_labels(PRODUCT, KINDS, suffix="ForExpressConnect")
