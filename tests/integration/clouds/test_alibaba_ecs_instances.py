"""Instances at Alibaba Cloud's door: their states in the cloud's words, lists, interfaces, and what is refused."""

import json

import pytest
from tests.support.ecs import Ecs

UNKNOWN = "i-00000000000000000000"


@pytest.fixture
def ecs(site):
    """A new account's client."""
    client = Ecs(site)
    yield client
    client.close()


def test_instances_go_through_their_states(ecs):
    """API-1: RunInstances starts them, CreateInstance does not; each state has the cloud's word."""
    (id,) = ecs.run()
    made = ecs.call("CreateInstance", VSwitchId=ecs.vswitch["id"], InstanceType="x")["InstanceId"]
    assert (ecs.status(id), ecs.status(made)) == ("Starting", "Pending")
    assert ecs.code("StopInstance", InstanceId=id) == "IncorrectInstanceStatus"
    assert ecs.code("StartInstance", InstanceId=made) == "IncorrectInstanceStatus"
    ecs.settle()
    assert (ecs.status(id), ecs.status(made)) == ("Running", "Stopped")
    ecs.call("StartInstance", InstanceId=made)
    assert ecs.status(made) == "Starting"
    ecs.settle()
    told = ecs.call("StopInstances", InstanceId=[id, made])["InstanceResponses"]["InstanceResponse"]
    assert [(one["InstanceId"], one["PreviousStatus"], one["CurrentStatus"]) for one in told] == [
        (id, "Running", "Stopped"),
        (made, "Running", "Stopped"),
    ]
    ecs.call("StopInstance", InstanceId=id)
    told = ecs.call("StartInstances", InstanceId=[id])["InstanceResponses"]["InstanceResponse"]
    assert [(one["Code"], one["CurrentStatus"]) for one in told] == [("200", "Starting")]
    ecs.settle()
    statuses = ecs.call("DescribeInstanceStatus")["InstanceStatuses"]["InstanceStatus"]
    assert statuses == [{"InstanceId": id, "Status": "Running"}, {"InstanceId": made, "Status": "Stopped"}]
    assert ecs.code("DeleteInstance", InstanceId=id) == "IncorrectInstanceStatus"
    assert ecs.code("DeleteInstances", InstanceId=[made, id]) == "IncorrectInstanceStatus"
    ecs.call("DeleteInstance", InstanceId=made)
    ecs.call("DeleteInstances", InstanceId=[id], Force=True)
    assert ecs.status(id) == "Stopping"
    ecs.settle()
    assert ecs.instances() == []
    assert ecs.code("DescribeInstanceAttribute", InstanceId=id) == "InvalidInstanceId.NotFound"


def test_instances_are_made_as_they_are_asked_for(ecs):
    """API-1: amount, names, addresses, groups, tags; an interface of its own each."""
    group = ecs.group()
    fields = {"Amount": 2, "InstanceName": "web", "UniqueSuffix": True, "SecurityGroupIds": [group]}
    ids = ecs.run(**fields, Tag=[{"Key": "team", "Value": "red"}], ClientToken="t")
    assert ecs.run(**fields, Tag=[{"Key": "team", "Value": "red"}], ClientToken="t") == ids
    (third,) = ecs.run(PrivateIpAddress="10.0.1.77", HostName="db", SecurityGroupId=group)
    shown = ecs.instances()
    assert [one["InstanceId"] for one in shown] == [*ids, third]
    assert [one["InstanceName"] for one in shown] == ["web001", "web002", "db"]
    first, last = shown[0], shown[2]
    assert last["VpcAttributes"] == {
        "VpcId": ecs.vpc["id"],
        "VSwitchId": ecs.vswitch["id"],
        "NatIpAddress": "",
        "PrivateIpAddress": {"IpAddress": ["10.0.1.77"]},
    }
    assert first["Tags"] == {"Tag": [{"TagKey": "team", "TagValue": "red"}]}
    assert (first["RegionId"], first["ZoneId"]) == ("cn-hangzhou", "cn-hangzhou-h")
    assert first["SecurityGroupIds"] == {"SecurityGroupId": [group]}
    assert (len(first["CreationTime"]), first["CreationTime"][-1]) == (17, "Z")
    (interface,) = first["NetworkInterfaces"]["NetworkInterface"]
    told = ecs.call("DescribeNetworkInterfaces", InstanceId=ids[0])["NetworkInterfaceSets"]
    (alone,) = told["NetworkInterfaceSet"]
    for name in ("NetworkInterfaceId", "MacAddress", "Type"):
        assert alone[name] == interface[name]
    assert (alone["InstanceId"], alone["PrivateIpAddress"]) == (ids[0], interface["PrimaryIpAddress"])
    assert alone["Status"] == "Attaching"


def test_one_interface_may_say_where_it_is(ecs):
    """API-1: `NetworkInterface.1` names VSwitch, address and groups in newer requests."""
    group = ecs.group()
    one = {"VSwitchId": ecs.vswitch["id"], "PrimaryIpAddress": "10.0.1.50", "SecurityGroupIds": [group]}
    asked = {"NetworkInterface": [one], "ImageId": "any", "InstanceType": "any"}
    made = ecs.call("RunInstances", **asked)["InstanceIdSets"]["InstanceIdSet"]
    (shown,) = ecs.instances()
    assert [shown["InstanceId"]] == made
    assert shown["SecurityGroupIds"] == {"SecurityGroupId": [group]}
    assert ecs.code("RunInstances", NetworkInterface=[one, one]) == "InvalidParameter.NotSupported"


def test_instances_are_listed_by_what_they_are_and_in_pages(ecs):
    """API-1: filters alone and together, pages by number and by token."""
    group = ecs.group()
    ids = ecs.run(Amount=5, InstanceName="web", UniqueSuffix=True)
    (db,) = ecs.run(InstanceName="db", SecurityGroupId=group, PrivateIpAddress="10.0.1.99")
    ecs.settle()
    ecs.call("StopInstance", InstanceId=ids[0])

    def found(**filters):
        return [one["InstanceId"] for one in ecs.instances(PageSize=100, **filters)]

    assert found() == [*ids, db]
    assert found(InstanceIds=f'["{db}","{UNKNOWN}"]') == [db]
    assert found(InstanceIds="[]") == []
    assert found(InstanceName="web*") == ids
    assert found(InstanceName="web00") == []
    assert found(Status="Stopped") == [ids[0]]
    assert found(SecurityGroupId=group) == [db]
    assert found(PrivateIpAddresses='["10.0.1.99"]') == [db]
    assert found(VSwitchId=ecs.vswitch["id"], Status="Running", InstanceName="w*") == ids[1:]
    assert found(ZoneId="cn-hangzhou-h") == [*ids, db]
    assert found(ZoneId="cn-hangzhou-g") == []
    assert found(RegionId="cn-beijing") == []
    told = ecs.call("DescribeInstances", PageNumber=2, PageSize=4)
    assert [one["InstanceId"] for one in told["Instances"]["Instance"]] == [ids[4], db]
    assert (told["TotalCount"], told["PageNumber"], told["PageSize"]) == (6, 2, 4)
    first = ecs.call("DescribeInstances", MaxResults=4)
    rest = ecs.call("DescribeInstances", MaxResults=4, NextToken=first["NextToken"])
    assert [one["InstanceId"] for one in rest["Instances"]["Instance"]] == [ids[4], db]
    assert rest["NextToken"] == ""


def test_instances_and_interfaces_are_changed(ecs):
    """API-1: name, groups all at once, and the check of a gateway's interface."""
    one, other = ecs.group(), ecs.group()
    (id,) = ecs.run(SecurityGroupId=one)
    eni = id.replace("i-", "eni-", 1)
    ecs.call("ModifyInstanceAttribute", InstanceId=id, InstanceName="new", SecurityGroupIds=[one, other])
    told = ecs.call("DescribeInstanceAttribute", InstanceId=id)
    assert (told["InstanceName"], told["SecurityGroupIds"]["SecurityGroupId"]) == ("new", [one, other])
    assert told["IoOptimized"] == "optimized"
    change = {"SecurityGroupId": [other], "SourceDestCheck": False}
    ecs.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=eni, **change)
    (shown,) = ecs.call("DescribeNetworkInterfaces", NetworkInterfaceId=[eni])["NetworkInterfaceSets"][
        "NetworkInterfaceSet"
    ]
    assert (shown["SecurityGroupIds"]["SecurityGroupId"], shown["SourceDestCheck"]) == ([other], False)
    tagged = ecs.call("DescribeNetworkInterfaces", Tag=[{"Key": "team", "Value": "red"}])
    assert tagged["TotalCount"] == 0
    of_none = {"NetworkInterfaceId": "eni-none", "SourceDestCheck": True}
    assert ecs.code("ModifyNetworkInterfaceAttribute", **of_none) == "InvalidEniId.NotFound"


def test_disks_are_found_by_whose_they_are_and_what_they_are(ecs):
    """API-1: a system disk for each instance; other kinds and disks with tags are not there."""
    ids = ecs.run(Amount=3, Tag=[{"Key": "team", "Value": "red"}])

    def found(**filters):
        told = ecs.call("DescribeDisks", **filters)
        disks = told["Disks"]["Disk"]
        assert "TotalCount" not in told or told["TotalCount"] >= len(disks)
        return [one["InstanceId"] for one in disks]

    shown = ecs.call("DescribeDisks")["Disks"]["Disk"]
    assert [one["InstanceId"] for one in shown] == ids
    assert {one["Status"] for one in shown} == {"Creating"}
    group = ecs.call("DescribeInstances")["Instances"]["Instance"][0]["ResourceGroupId"]
    assert {one["ResourceGroupId"] for one in shown} == {group}
    ecs.settle()
    disks = [one["DiskId"] for one in shown]
    assert found(Status="In_use") == found(DiskType="system", Category="cloud_essd") == ids
    assert found(DiskIds=json.dumps(disks[1:])) == ids[1:]
    assert found(DiskIds=json.dumps(disks), InstanceId=ids[2]) == ids[2:]
    assert found(InstanceId=ids[0], DiskType="system", ResourceGroupId=group) == ids[:1]
    assert found(PageNumber=2, PageSize=2) == ids[2:]
    for none in ({"DiskIds": json.dumps(["d-none"])}, {"DiskIds": json.dumps(disks), "InstanceId": "i-none"}):
        assert found(**none) == []
    for none in ({"DiskType": "data"}, {"Category": "cloud"}, {"Status": "Available"}, {"ZoneId": "none"}):
        assert found(**none) == []
    assert found(Tag=[{"Key": "team", "Value": "red"}]) == found(ResourceGroupId="rg-none") == []


def test_wrong_instances_are_refused_in_the_clouds_words(ecs):
    """API-1, API-4: unknown ids, addresses that are taken or impossible, amounts."""
    assert ecs.code("RunInstances", VSwitchId="vsw-1") == "InvalidVSwitchId.NotFound"
    assert ecs.code("RunInstances") == "MissingVSwitchId"
    assert ecs.code("CreateInstance") == "MissingVSwitchId"
    at = {"VSwitchId": ecs.vswitch["id"]}
    assert ecs.code("RunInstances", **at, SecurityGroupId="sg-1") == "InvalidSecurityGroupId.NotFound"
    assert ecs.code("RunInstances", **at, Amount=101) == "InvalidAmount.NotSupported"
    assert ecs.code("RunInstances", **at, PrivateIpAddress="10.9.9.9") == "InvalidPrivateIpAddress.Malformed"
    ecs.run(PrivateIpAddress="10.0.1.9")
    taken = ecs.code("RunInstances", **at, PrivateIpAddress="10.0.1.9")
    assert taken == "InvalidPrivateIpAddress.Duplicated"
    assert ecs.code("RunInstances", **at, DryRun=True) == "DryRunOperation"
    assert len(ecs.instances()) == 1
    for action in ("StartInstance", "StopInstance", "DeleteInstance"):
        assert ecs.code(action, InstanceId=UNKNOWN) == "InvalidInstanceId.NotFound"
        assert ecs.code(action) == "MissingInstanceId"
    assert ecs.code("DescribeInstances", Status="Gone") == "InvalidStatus.ValueNotSupported"
    assert ecs.code("DescribeInstances", InstanceIds="nonsense") == "InvalidParameter"


def test_regions_have_names_in_both_languages_and_this_door(ecs):
    """API-1: the Terraform provider has to find the opposite's region in the list."""
    told = ecs.call("DescribeRegions", AcceptLanguage="en-US")["Regions"]["Region"]
    named = {one["RegionId"]: one for one in told}
    assert named["cn-hangzhou"]["LocalName"] == "China (Hangzhou)"
    assert named["cn-beijing"]["RegionEndpoint"] == ecs.provider.endpoint
    told = ecs.call("DescribeRegions")["Regions"]["Region"]
    assert {one["RegionId"]: one["LocalName"] for one in told}["cn-hangzhou"].startswith("华东")
    zones = ecs.call("DescribeZones")["Zones"]["Zone"]
    assert "cn-hangzhou-h" in {one["ZoneId"] for one in zones}
    assert {disk for one in zones for disk in one["AvailableDiskCategories"]["DiskCategories"]} == {
        "cloud_essd"
    }
    kinds = ecs.call("DescribeInstanceTypes")["InstanceTypes"]["InstanceType"]
    stock = ecs.call("DescribeAvailableResource", DestinationResource="InstanceType", ZoneId="cn-hangzhou-h")
    (zone,) = stock["AvailableZones"]["AvailableZone"]
    (resource,) = zone["AvailableResources"]["AvailableResource"]
    values = [one["Value"] for one in resource["SupportedResources"]["SupportedResource"]]
    assert values == [one["InstanceTypeId"] for one in kinds]
