"""Express Connect as the clouds' clients see it: the requests that its tests make again and again, and the data plane's part."""

from __future__ import annotations

from typing import Any

from tests.support.api import Account, Site
from tests.support.terraform import Provider, filters

from peerway.app.usecases.settling import SETTLINGS, settle_with
from peerway.domain.line import VirtualBorderRouter
from peerway.domain.router_interface import RouterInterface

HERE, THERE = "cn-hangzhou", "cn-beijing"
POINT = "ap-cn-hangzhou-yh-ts-A"


def settle(site: Site) -> None:
    """Do what the reconciler does once the data plane has reached everything."""
    for kind in (VirtualBorderRouter, RouterInterface):
        for found in site.store.read(lambda tx, k=kind: tx.select(k)):
            if SETTLINGS[kind].waits(found):
                site.store.write(settle_with(site.services.world, found))


def provider(site: Site, account: Account, region: str = HERE) -> Provider:
    """A client of the account at a site's door."""
    endpoint = str(site.client.base_url).removeprefix("http://").rstrip("/")
    return Provider(endpoint, account.key_id, account.secret, region)


def interface(of: Provider, router: str, role: str, far: str = THERE, **fields: Any) -> str:
    """A new router interface; its id."""
    spec = "Negative" if role == "AcceptingSide" else "Large.2"
    kind = "VBR" if router.startswith("vbr-") else "VRouter"
    asked = {"RouterType": kind, "RouterId": router, "Role": role, "Spec": spec, "OppositeRegionId": far}
    return str(of.call("CreateRouterInterface", **{**asked, **fields})["RouterInterfaceId"])


def shown(of: Provider, id: str) -> dict[str, Any]:
    """An interface as the list has it."""
    answer = of.call("DescribeRouterInterfaces", Filter=filters(RouterInterfaceId=id))
    (found,) = answer["RouterInterfaceSet"]["RouterInterfaceType"]
    return dict(found)


def name_opposite(of: Provider, id: str, other: dict[str, Any], owner: str) -> None:
    """Tell an interface its other side."""
    of.call(
        "ModifyRouterInterfaceAttribute",
        RouterInterfaceId=id,
        OppositeInterfaceId=other["RouterInterfaceId"],
        OppositeRouterId=other["RouterId"],
        OppositeRouterType=other["RouterType"],
        OppositeInterfaceOwnerId=owner,
    )


def vbr_fields(line_id: str, number: int = 0) -> dict[str, Any]:
    """What a new border router on a line is made of."""
    return {
        "PhysicalConnectionId": line_id,
        "VlanId": 100 + number,
        "LocalGatewayIp": f"10.255.{number}.1",
        "PeerGatewayIp": f"10.255.{number}.2",
        "PeeringSubnetMask": "255.255.255.252",
    }


def vbr_shown(of: Provider, id: str, **fields: Any) -> dict[str, Any]:
    """A border router as the list has it."""
    answer = of.call("DescribeVirtualBorderRouters", Filter=filters(VbrId=id), **fields)
    (found,) = answer["VirtualBorderRouterSet"]["VirtualBorderRouterType"]
    return dict(found)


def line_shown(of: Provider, id: str) -> dict[str, Any]:
    """A line as the list has it."""
    answer = of.call("DescribePhysicalConnections", Filter=filters(PhysicalConnectionId=id))
    (found,) = answer["PhysicalConnectionSet"]["PhysicalConnectionType"]
    return dict(found)
