"""Security groups and their rules."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from peerway.api.native.call import Call
from peerway.api.native.operation import Operation
from peerway.api.native.schemas.common import Id, ListOf, ListParameters
from peerway.api.native.schemas.network import (
    CreateSecurityGroupBody,
    OneOrMoreRules,
    RulesBody,
    UpdateRuleBody,
    UpdateSecurityGroupBody,
)
from peerway.api.native.schemas.vpcs import VpcItemList
from peerway.app.usecases import security_groups, security_rules
from peerway.domain.security import SecurityGroup, SecurityRule


async def create_security_group(call: Call, body: CreateSecurityGroupBody) -> Response:
    """Make a security group."""
    request = security_groups.CreateSecurityGroup(**body.given(), client_token=call.token)
    return await call.run(security_groups.create_security_group, request, 201)


async def list_security_groups(call: Call, query: Annotated[VpcItemList, Query()]) -> Response:
    """List security groups."""
    return await call.list_by(security_groups.list_security_groups, **query.given())


async def get_security_group(call: Call, id: Id) -> Response:
    """Show a security group."""
    return await call.find(security_groups.get_security_group, id)


async def update_security_group(call: Call, id: Id, body: UpdateSecurityGroupBody) -> Response:
    """Change texts and inner access."""
    request = security_groups.UpdateSecurityGroup(id=id, **body.given())
    return await call.run(security_groups.update_security_group, request)


async def delete_security_group(call: Call, id: Id) -> Response:
    """Delete a group that nobody is in and no other group's rule names."""
    request = security_groups.DeleteSecurityGroup(id=id)
    return await call.run(security_groups.delete_security_group, request)


async def list_security_rules(call: Call, id: Id, query: Annotated[ListParameters, Query()]) -> Response:
    """List the rules of a group."""
    return await call.list_by(security_rules.list_security_rules, id, **query.given())


async def create_security_rules(call: Call, id: Id, body: OneOrMoreRules) -> Response:
    """Make one rule, or several of one group: all of them or none.

    The answer is the rule, or `{"rules": [...]}` when the body was.
    """
    if isinstance(body, RulesBody):
        specs = tuple(rule.spec() for rule in body.rules)
        several = security_rules.CreateSecurityRules(
            security_group_id=id, rules=specs, client_token=call.token
        )
        return await call.write(
            lambda tx: {"rules": security_rules.create_security_rules(tx, call.world, call.caller, several)},
            201,
        )
    one = security_rules.CreateSecurityRule(security_group_id=id, **body.given(), client_token=call.token)
    return await call.write(
        lambda tx: security_rules.create_security_rule(tx, call.world, call.caller, one), 201
    )


async def get_security_rule(call: Call, id: Id) -> Response:
    """Show a rule."""
    return await call.find(security_rules.get_security_rule, id)


async def update_security_rule(call: Call, id: Id, body: UpdateRuleBody) -> Response:
    """Change a rule: what it lets in changes at once."""
    request = security_rules.UpdateSecurityRule(id=id, **body.given())
    return await call.run(security_rules.update_security_rule, request)


async def delete_security_rule(call: Call, id: Id) -> Response:
    """Remove a rule: what it let in ends at once."""
    request = security_rules.DeleteSecurityRule(id=id)
    return await call.run(security_rules.delete_security_rule, request)


class MadeRules(BaseModel):
    """The rules that were made."""

    rules: list[SecurityRule] = Field(description="In the order of the request.")


OPERATIONS: Final = (
    Operation("POST", "/security-groups", create_security_group, SecurityGroup, 201),
    Operation("GET", "/security-groups", list_security_groups, ListOf[SecurityGroup]),
    Operation("GET", "/security-groups/{id}", get_security_group, SecurityGroup),
    Operation("PATCH", "/security-groups/{id}", update_security_group, SecurityGroup),
    Operation("DELETE", "/security-groups/{id}", delete_security_group, SecurityGroup),
    Operation("GET", "/security-groups/{id}/rules", list_security_rules, ListOf[SecurityRule]),
    Operation("POST", "/security-groups/{id}/rules", create_security_rules, SecurityRule | MadeRules, 201),
    Operation("GET", "/security-rules/{id}", get_security_rule, SecurityRule),
    Operation("PATCH", "/security-rules/{id}", update_security_rule, SecurityRule),
    Operation("DELETE", "/security-rules/{id}", delete_security_rule, SecurityRule),
)
