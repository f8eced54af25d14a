"""One account with one of everything that the clouds' doors know, and what the ids are."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any

from tests.support.api import VBR, Account, Site, enabled_line
from tests.support.every_door import Answer, Knocker, actions

from peerway.api.clouds.action import Action
from peerway.app.usecases.settling import SETTLINGS, settle_with

HERE = "cn-hangzhou"

MARKS = itertools.count(10)

ACTIONS: dict[tuple[str, str], Action] = {
    (f"{door} {action.product.name.lower()}", action.name): action for door, action in actions()
}


def action_of(product: str, name: str) -> Action:
    """An action by door, product and name: `("tencent vpc", "CreateVpc")`."""
    return ACTIONS[product, name]


@dataclass
class Belongings:
    """Somebody who has one of everything."""

    #: The owner, and a partner with whom connections are made.
    owner: Account
    partner: Account
    #: Ids by what they are of; names of what has no id.
    ids: dict[str, str]
    #: In the names of all that it has.
    mark: str


def settle(site: Site) -> None:
    """Do what the reconcilers do once the data plane has reached everything."""
    for _ in range(2):
        for kind, settling in SETTLINGS.items():
            for found in site.store.read(lambda tx, kind=kind: tx.select(kind)):  # type: ignore[misc]
                if settling.waits(found):
                    site.store.write(settle_with(site.services.world, found))


def own_everything(site: Site) -> Belongings:
    """A new account with one of everything, most of it ready for use."""
    owner, partner, mark = site.account(), site.account(), f"Zanzibar{next(MARKS)}"
    ids = {**_network(site, owner, mark), "uid": owner.uid}
    settle(site)
    ids |= _inside(site, owner, mark, ids)
    ids |= _links(site, owner, partner, mark, ids)
    settle(site)
    ids |= _cloud_own(owner, mark, ids)
    return Belongings(owner, partner, ids, mark)


def _network(site: Site, owner: Account, mark: str) -> dict[str, str]:
    vpc = owner.vpc(name=f"{mark} vpc", description=f"{mark} of it", secondary_cidrs=["10.64.0.0/16"])
    vswitch = owner.vswitch(vpc, name=f"{mark} vsw")
    if not site.operator.ok("GET", "/external-networks")["items"]:
        outside = {"region_id": HERE, "port": "netns:/run/outside", "pools": ["203.0.113.0/24"]}
        site.operator.ok("POST", "/external-networks", outside)
    return {
        "vpc": vpc["id"],
        "router": vpc["router_id"],
        "secondary": f"scidr-{vpc['id'].removeprefix('vpc-')}-0a40000016",
        "system_table": vpc["system_table_id"],
        "vswitch": vswitch["id"],
        "ipv4gw": owner.ok("POST", "/ipv4-gateways", {"vpc_id": vpc["id"], "name": f"{mark} gw"})["id"],
        "nat": owner.ok("POST", "/nat-gateways", {"vpc_id": vpc["id"], "name": f"{mark} nat"})["id"],
        "instance": owner.instance(vswitch, name=f"{mark} vm")["id"],
    }


def _inside(site: Site, owner: Account, mark: str, ids: dict[str, str]) -> dict[str, str]:
    named = {"vpc_id": ids["vpc"], "name": f"{mark} x"}
    eip = owner.ok("POST", "/eips", {"region_id": HERE})
    owner.ok("POST", f"/eips/{eip['id']}/associate", {"target": "nat_gateway", "target_id": ids["nat"]})
    table = owner.ok("POST", "/route-tables", named)["id"]
    group = owner.ok("POST", "/security-groups", named)["id"]
    acl = owner.ok("POST", "/network-acls", named)["id"]
    entry = {"destination": "10.98.0.0/16", "next_hop": "instance", "next_hop_id": ids["instance"]}
    rule = {"direction": "ingress", "remote_cidr": "10.97.0.0/16", "description": mark}
    acl_rule = {"action": "accept", "protocol": "all", "cidr": "10.96.0.0/16"}
    line = enabled_line(site, owner)
    gateway = f"/nat-gateways/{ids['nat']}"
    path = owner.ok(
        "POST", "/paths", {"source": ids["instance"], "target": "10.1.0.1", "name": f"{mark} path"}
    )["id"]
    vbr = owner.ok("POST", "/vbrs", {**VBR, "line_id": line["id"]})
    owner.ok("PUT", f"/network-acls/{acl}/entries", {"ingress": [acl_rule]})
    return {
        "eip": eip["id"],
        "address": eip["address"],
        "table": table,
        "entry": owner.ok("POST", f"/route-tables/{table}/entries", entry)["id"],
        "group": group,
        "rule": owner.ok("POST", f"/security-groups/{group}/rules", rule)["id"],
        "acl": acl,
        "line": line["id"],
        "vbr": vbr["id"],
        "vbr_table": vbr["route_table_id"],
        "path": path,
        "analysis": owner.ok("POST", f"/paths/{path}/analyses", {})["id"],
        "snat": owner.ok(
            "POST", f"{gateway}/snat-entries", {"source": "10.0.0.0/16", "public": [eip["address"]]}
        )["id"],
        "dnat": owner.ok(
            "POST",
            f"{gateway}/dnat-entries",
            {
                "public": eip["address"],
                "private": "10.0.0.7",
                "protocol": "tcp",
                "public_port": 81,
                "private_port": 8081,
            },
        )["id"],
    }


def _links(site: Site, owner: Account, partner: Account, mark: str, ids: dict[str, str]) -> dict[str, str]:
    peer = partner.vpc("10.1.0.0/16")
    near, far = owner.vpc("10.2.0.0/16"), owner.vpc("10.3.0.0/16", "cn-beijing")
    own = owner.ok("GET", f"/vpcs/{ids['vpc']}")
    settle(site)
    named = {"name": f"{mark} link", "profile": "alibaba"}
    return {
        "peer_vpc": near["id"],
        "strange_vpc": partner.vpc("10.4.0.0/16")["id"],
        "far_vpc": far["id"],
        "pending": owner.peering(own, peer, **named)["id"],
        "peering": owner.peering(own, near, **named)["id"],
        "tencent_peering": owner.peering(own, far, name=f"{mark} far", profile="tencent", bandwidth_mbps=10)[
            "id"
        ],
        "interface": owner.interface(own, "acceptor", name=f"{mark} ri")["id"],
    }


def _cloud_own(owner: Account, mark: str, ids: dict[str, str]) -> dict[str, str]:
    """What only the clouds' doors make."""
    by = Knocker(owner)

    def done(product: str, name: str, **tree: Any) -> Any:
        return json.loads(_done(by, product, name, tree).body)

    group = done("alibaba resourcemanager", "CreateResourceGroup", Name=f"{mark}-rg", DisplayName=mark)
    contact, contacts = f"{mark}-contact", f"{mark}-group"
    done("alibaba cms", "PutContact", ContactName=contact, Describe=mark, Channels={"Mail": "z@example.com"})
    done("alibaba cms", "PutContactGroup", ContactGroupName=contacts, ContactNames=[contact])
    alarm = {"ComparisonOperator": "GreaterThanThreshold", "Statistics": "Sum", "Threshold": "10", "Times": 2}
    done(
        "alibaba cms",
        "PutResourceMetricRule",
        RuleId=f"{mark}-rule",
        RuleName=mark,
        Namespace="acs_vpcpeer",
        MetricName="IntranetRX",
        Resources=json.dumps([{"instanceId": ids["peering"]}]),
        ContactGroups=contacts,
        Escalations={"Critical": alarm},
    )
    tag = {"ResourceType": "VPC", "ResourceId": [ids["vpc"]], "Tag": [{"Key": mark, "Value": mark}]}
    done("alibaba vpc", "TagResources", **tag)
    notice = {"Module": "monitor", "NoticeType": "ALL", "NoticeLanguage": "en-US", "Name": f"{mark}-notice"}
    told = done("tencent monitor", "CreateAlarmNotice", **notice)["Response"]
    half = {"vpcPeeringName": mark, "vpcId": ids["vpc"], "remoteVpcId": ids["strange_vpc"]}
    offer = done("jdcloud vpc", "createVpcPeering", **half)
    asked = {"peeringConnectionId": ids["tencent_peering"], "peeringConnectionName": mark}
    task = done("tencent-v2 vpc", "ModifyVpcPeeringConnectionEx", **asked)
    by.close()
    return {
        "resource_group": group["ResourceGroup"]["Id"],
        "contact": contact,
        "contacts": contacts,
        "alarm": f"{mark}-rule",
        "notice": told["NoticeId"],
        "offer": offer["result"]["vpcPeering"]["vpcPeeringId"],
        "task": str(task["taskId"]),
    }


def _done(by: Knocker, product: str, name: str, tree: dict[str, Any]) -> Answer:
    answer = by.ask(product.split(maxsplit=1)[0], action_of(product, name), tree)
    assert answer.code == "", (product, name, answer)
    return answer
