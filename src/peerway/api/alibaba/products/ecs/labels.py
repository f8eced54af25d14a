"""Tags and resource groups of instances and security groups."""

from __future__ import annotations

from peerway.api.alibaba.products.ecs.product import PRODUCT
from peerway.api.alibaba.tagging import LabelledKind, serve_labels
from peerway.api.clouds.action import Answer
from peerway.api.clouds.call import WriteCall
from peerway.api.clouds.parameters import Given
from peerway.app.usecases.instances import get_instance
from peerway.app.usecases.labels import move_to_group
from peerway.app.usecases.security_groups import get_security_group
from peerway.domain.errors import InvalidInput

KINDS = {
    "instance": LabelledKind("instance", get_instance),
    "securitygroup": LabelledKind("security_group", get_security_group),
}

serve_labels(PRODUCT, KINDS)


@PRODUCT.writes("JoinResourceGroup")
def join_resource_group(call: WriteCall, given: Given) -> Answer:
    """Put a resource into another group."""
    kind = KINDS.get(given["ResourceType"].lower())
    if kind is None:
        rule = f"must be one of {', '.join(KINDS)}"
        raise InvalidInput("ResourceType", rule, given["ResourceType"], code="unknown_resource_type")
    resource = call.use(kind.find, given["ResourceId"])
    move_to_group(call.tx, call.caller, resource, given["ResourceGroupId"], "ResourceGroupId")
    return None
