"""The compiled network: the one value that analysis, data planes and the console read.

Owns the shapes only. Everything here is immutable, free of owners, and says for each thing which stored object
decided it (`source`), so that a trace can name it. How these values are made is `fabric.compile`; what a packet does in them
is `fabric.walk`. Nothing about any data plane's devices may go in here.
"""

from peerway.fabric.model.fabric import Fabric
from peerway.fabric.model.filters import Action, Filter, Match, Policy, Rule
from peerway.fabric.model.hops import (
    Blackhole,
    Fib,
    FibEntry,
    Hop,
    LinkPath,
    ToEndpoint,
    ToLink,
    ToLinks,
    ToResolver,
    ToSubnet,
    ToUplink,
)
from peerway.fabric.model.links import Link, LinkCheck, LinkEnd
from peerway.fabric.model.routers import Endpoint, Router, Subnet
from peerway.fabric.model.services import Backend, Service, ServiceCheck
from peerway.fabric.model.uplinks import DestinationNat, SourceNat, Translation, Uplink

__all__ = [
    "Action",
    "Backend",
    "Blackhole",
    "DestinationNat",
    "Endpoint",
    "Fabric",
    "Fib",
    "FibEntry",
    "Filter",
    "Hop",
    "Link",
    "LinkCheck",
    "LinkEnd",
    "LinkPath",
    "Match",
    "Policy",
    "Router",
    "Rule",
    "Service",
    "ServiceCheck",
    "SourceNat",
    "Subnet",
    "ToEndpoint",
    "ToLink",
    "ToLinks",
    "ToResolver",
    "ToSubnet",
    "ToUplink",
    "Translation",
    "Uplink",
]
