"""The tables of Tencent Cloud's actions against the SDK's classes: nothing that a client can send is forgotten."""

import pytest
from tencentcloud.vpc.v20170312 import models

from peerway.api.tencent.catalogue import PRODUCTS

(VPC,) = (product for product in PRODUCTS if product.name == "vpc")

#: Classes of objects in requests, by the parameters that have them.
OBJECTS = {
    "Tags": "Tag",
    "Filters": "Filter",
    "Routes": "Route",
    "Subnets": "SubnetInput",
    "SecurityGroupPolicySet": "SecurityGroupPolicySet",
    "NetworkAclEntrySet": "NetworkAclEntrySet",
    "ServiceTemplate": "ServiceTemplateSpecification",
    "AddressTemplate": "AddressTemplateSpecification",
}
#: Parameters that are refused as unknown, which the tables say.
LEFT_OUT = {("ModifyNetworkAclEntries", "NetworkAclQuintupleSet")}


def fields_of(name):
    """What a class of the SDK has."""
    return {field.removeprefix("_") for field in vars(getattr(models, name)())}


def strangers(action, parameters, kind, inside=""):
    """Fields of a class that the table does not have, and the other way round."""
    known = {one.name for one in parameters}
    found = {(action, name) for name in known ^ fields_of(kind)}
    for one in parameters:
        if one.parts:
            ways = {"NetworkAclEntrySet": "NetworkAclEntry"}.get(inside, "SecurityGroupPolicy")
            found |= strangers(action, one.parts, OBJECTS.get(one.name, ways), one.name)
    return found


@pytest.mark.parametrize("name", sorted(VPC.actions))
def test_an_action_takes_what_clients_send(name):
    """API-2: each parameter of the SDK's request, and of the objects in it, is in the action's row, and no other."""
    assert strangers(name, VPC.actions[name].parameters, f"{name}Request") <= LEFT_OUT
