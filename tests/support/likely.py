"""Likely values for parameters by their names: with them an action of any door gets past its first checks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from peerway.api.clouds.parameters import Parameter

#: Values by the parameter's name in lower case, without a plural's `s`; those with an `@` name an id of the belongings.
WORDS: Mapping[str, Sequence[str]] = {
    "vpcid": ["@vpc", "@vpc", "@peer_vpc"],
    "sourcevpcid": ["@vpc"],
    "destinationvpcid": ["@peer_vpc", "@strange_vpc", "@far_vpc"],
    "acceptingvpcid": ["@peer_vpc", "@strange_vpc", "@far_vpc"],
    "peervpcid": ["@peer_vpc", "@strange_vpc", "@far_vpc"],
    "remotevpcid": ["@peer_vpc", "@strange_vpc"],
    "acceptingaliuid": ["@uid"],
    "destinationuin": ["@uid"],
    "peeruin": ["@uid"],
    "vswitchid": ["@vswitch"],
    "sourcevswitchid": ["@vswitch"],
    "subnetid": ["@vswitch"],
    "routetableid": ["@table", "@system_table", "@vbr_table"],
    "routetablelist": ["@table", "@system_table"],
    "vrouterid": ["@router"],
    "routerid": ["@router", "@vpc", "@vbr"],
    "oppositerouterid": ["@router", "@vbr"],
    "oppositeinterfaceid": ["@interface"],
    "routerinterfaceid": ["@interface"],
    "routeentryid": ["@entry"],
    "routeitemid": ["@entry"],
    "gatewayid": ["@instance", "@peering", "@nat", "@ipv4gw", "@tencent_peering"],
    "nexthopid": ["@instance", "@peering", "@nat", "@interface", "@ipv4gw", "@offer", "@group"],
    "newnexthopid": ["@instance", "@peering", "@interface"],
    "nexthub": ["@instance", "@tencent_peering"],
    "nexthop": ["@instance", "@peering"],
    "securitygroupid": ["@group"],
    "sourcegroupid": ["@group"],
    "destgroupid": ["@group"],
    "networksecuritygroupid": ["@group"],
    "securitygroupruleid": ["@rule"],
    "ruleid": ["@rule", "@alarm", "@entry", "@acl"],
    "networkaclid": ["@acl"],
    "sourcenetworkaclid": ["@acl"],
    "natgatewayid": ["@nat"],
    "snattableid": ["@nat"],
    "forwardtableid": ["@nat"],
    "snatentryid": ["@snat"],
    "forwardentryid": ["@dnat"],
    "ipv4gatewayid": ["@ipv4gw"],
    "allocationid": ["@eip"],
    "eipaddresse": ["@address"],
    "eipaddress": ["@address"],
    "snatip": ["@address"],
    "externalip": ["@address"],
    "physicalconnectionid": ["@line"],
    "redundantphysicalconnectionid": ["@line"],
    "vbrid": ["@vbr"],
    "networkpathid": ["@path"],
    "networkreachableanalysisid": ["@analysis"],
    "resourcegroupid": ["@resource_group"],
    "newresourcegroupid": ["@resource_group"],
    "instanceid": ["@instance", "@peering", "@pending", "@nat", "@vbr", "@tencent_peering"],
    "peeringconnectionid": ["@tencent_peering", "@pending", "@peering"],
    "vpcpeeringid": ["@offer", "@pending", "@peering"],
    "resourceid": ["@vpc", "@peering", "@vswitch", "@table", "@nat", "@eip", "@group", "@instance", "@acl"],
    "parentresourceid": ["@vpc", "@table", "@group"],
    "sourceid": ["@instance", "@vpc", "@vswitch", "10.0.0.9"],
    "targetid": ["@instance", "@vpc", "@vbr", "10.1.0.1"],
    "associatedinstanceid": ["@nat", "@instance"],
    "secondarycidrid": ["@secondary"],
    "taskid": ["@task"],
    "contactname": ["@contact"],
    "contactgroupname": ["@contacts"],
    "contactgroup": ["@contacts"],
    "noticeid": ["@notice"],
    "policyid": ["@alarm", "@acl"],
    "id": ["@peering", "@notice"],
    "regionid": ["cn-hangzhou"],
    "destinationregion": ["cn-hangzhou", "cn-beijing", "ap-guangzhou"],
    "acceptingregionid": ["cn-hangzhou", "cn-beijing"],
    "oppositeregionid": ["cn-hangzhou", "cn-beijing"],
    "peerregion": ["cn-hangzhou", "cn-beijing", "gz"],
    "remoteregionid": ["cn-hangzhou", "cn-beijing"],
    "accesspointid": ["ap-cn-hangzhou-yh-ts-A"],
    "zoneid": ["cn-hangzhou-h"],
    "zone": ["cn-hangzhou-h"],
    "az": ["cn-hangzhou-h"],
    "cidr": ["10.0.7.0/24", "10.70.0.0/16"],
    "cidrblock": ["10.0.7.0/24", "10.70.0.0/16"],
    "addressprefix": ["10.0.7.0/24", "10.70.0.0/16"],
    "destinationcidrblock": ["10.98.0.0/16", "10.77.0.0/16"],
    "secondarycidrblock": ["10.64.0.0/16", "10.65.0.0/16"],
    "sourcecidr": ["10.0.0.0/24"],
    "sourcecidrip": ["10.0.0.0/24"],
    "destcidrip": ["10.0.0.0/24"],
    "internalip": ["10.0.0.9"],
    "privateipaddresse": ["10.0.0.9"],
    "localgatewayip": ["10.254.0.1"],
    "peergatewayip": ["10.254.0.2"],
    "peeringsubnetmask": ["255.255.255.252"],
    "vlanid": ["101"],
    "spec": ["Small.1", "Large.1"],
    "role": ["InitiatingSide", "AcceptingSide"],
    "routertype": ["VRouter", "VBR"],
    "oppositeroutertype": ["VRouter", "VBR"],
    "nexthoptype": [
        "Instance",
        "VpcPeer",
        "NatGateway",
        "RouterInterface",
        "BLACKHOLE",
        "instance",
        "peering",
    ],
    "newnexthoptype": ["Instance", "VpcPeer"],
    "resourcetype": [
        "VPC",
        "VpcPeer",
        "PeerConnection",
        "VSWITCH",
        "instance",
        "securitygroup",
        "NATGATEWAY",
        "ROUTETABLE",
    ],
    "sourcetype": ["ecs", "vpc", "vsw", "publicIp"],
    "targettype": ["ecs", "vpc", "vbr", "publicIp"],
    "ipprotocol": ["TCP", "tcp", "UDP", "icmp", "all", "ALL", "Any"],
    "protocol": ["tcp", "udp", "icmp", "all", "TCP", "ALL", "300", "6"],
    "port": ["80", "1-65535", "ALL"],
    "portrange": ["80/443", "-1/-1"],
    "externalport": ["82"],
    "internalport": ["8082"],
    "policy": ["accept", "drop", "ACCEPT", "DROP"],
    "action": ["ACCEPT", "DROP"],
    "ruleaction": ["allow", "deny", "ALLOW"],
    "direction": ["ingress", "egress", "0", "1"],
    "priority": ["1", "100"],
    "module": ["monitor"],
    "monitortype": ["MT_QCE"],
    "namespace": ["acs_vpcpeer", "acs_express_connect", "pcx", "QCE/PCX", "qce/pcx"],
    "metricname": ["IntranetRX", "OutBandwidth", "InBandwidth", "outbandwidth"],
    "period": ["60", "300"],
    "comparisonoperator": ["GreaterThanThreshold"],
    "operator": ["gt", "eq", "in"],
    "statistic": ["Sum", "Average"],
    "threshold": ["10"],
    "time": ["2"],
    "starttime": [
        "2026-11-21T08:31:54Z",
        "1763713914000",
        "2026-11-21 08:31:54",
        "2026-11-21T08:31:54+08:00",
    ],
    "endtime": ["2026-11-22T08:31:54Z", "1763813914000", "2026-11-22 08:31:54", "2026-11-22T08:31:54+08:00"],
    "scenetype": ["ST_ALARM"],
    "noticetype": ["ALL"],
    "noticelanguage": ["en-US"],
    "key": ["VpcId", "k", "NAME"],
    "name": ["vpc-id", "net", "vpcIds", "state", "vpc-name"],
    "linktype": ["Gold", "Platinum"],
    "bandwidth": ["100", "10"],
    "servicecode": ["vpc"],
    "productcode": ["vpc"],
    "quotaactioncode": ["vpc_quota_route_tables_num"],
    "type": ["vpcpeering", "subnet", "VPC_PEER", "1"],
    "innernaccesspolicy": ["Accept", "Drop"],
    "innernetaccesspolicy": ["Accept"],
    "inneraccesspolicy": ["Accept", "Drop"],
    "lineoperator": ["CT"],
    "instancetype": ["ecs.g6.large", "Nat", "EcsInstance"],
    "imageid": ["any"],
    "dryrun": ["true", "false"],
    "pagenumber": ["1"],
    "pagesize": ["10", "50"],
    "limit": ["10", "20"],
    "offset": ["0"],
    "limittype": ["vpc-max-subnets"],
    "resource": ['[{"resource":"_ALL"}]'],
}


def likely(name: str, ids: Mapping[str, str]) -> list[str]:
    """Values that the parameter may well have; none when its name tells nothing."""
    lower = name.lower()
    found = WORDS.get(lower) or WORDS.get(lower.removesuffix("s")) or ()
    return [ids[word[1:]] if word.startswith("@") else word for word in found]


def id_names(name: str) -> list[str]:
    """What of the belongings the parameter may name; empty when its name does not tell that it takes ids."""
    lower = name.lower()
    found = chain(WORDS.get(lower, ()), WORDS.get(lower.removesuffix("s"), ()))
    return list(dict.fromkeys(word[1:] for word in found if word.startswith("@")))


def leaves(parameters: Sequence[Parameter]) -> Iterator[Parameter]:
    """The parameters that hold values, wherever they are."""
    for one in parameters:
        if one.parts:
            yield from leaves(one.parts)
        else:
            yield one


def filled(
    parameters: Sequence[Parameter], ids: Mapping[str, str], named: str = "", id: str = ""
) -> dict[str, Any]:
    """The likeliest value for each parameter that is required, and `id` wherever the one of that name is."""
    return {
        one.name: _filled(one, ids, named, id)
        for one in parameters
        if one.required or any(leaf.name == named for leaf in leaves([one])) or one.name in {"Key", "Value"}
    }


def _filled(one: Parameter, ids: Mapping[str, str], named: str, id: str) -> Any:
    if one.many:
        return [_filled(replace(one, many=False), ids, named, id)]
    if one.parts:
        return filled(one.parts, ids, named, id)
    word = id if one.name == named else next(iter(likely(one.name, ids)), "x")
    values = {
        "i": int(word) if word.isdigit() else 1,
        "f": 1.0,
        "b": True,
        "l": json.dumps([word]),
        "j": json.dumps([{"instanceId": word}]),
    }
    return values.get(one.kind, word)
