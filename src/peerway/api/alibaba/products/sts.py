"""Sts 2015-04-01: who asks."""

from __future__ import annotations

from peerway.api.clouds.action import Answer, load_product
from peerway.api.clouds.call import ReadCall
from peerway.api.clouds.parameters import Given

PRODUCT = load_product(__package__, "sts.toml")


@PRODUCT.finds("GetCallerIdentity")
def get_caller_identity(call: ReadCall, _: Given) -> Answer:
    """The account of the access key."""
    uid = call.caller.uid
    return {
        "AccountId": uid,
        "UserId": uid,
        "PrincipalId": uid,
        "RoleId": "",
        "IdentityType": "Account",
        "Arn": f"acs:ram::{uid}:root",
    }
