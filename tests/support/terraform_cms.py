"""What Alibaba Cloud's Terraform provider does for alarms, contacts and their groups."""

from __future__ import annotations

import json
import uuid
from typing import Any, ClassVar

from tests.support.terraform import CMS, Provider
from tests.support.terraform_graph import Resource, found, told

#: The configuration's comparisons by the API's.
COMPARISONS = {
    "GreaterThanOrEqualToThreshold": ">=",
    "GreaterThanThreshold": ">",
    "LessThanOrEqualToThreshold": "<=",
    "LessThanThreshold": "<",
    "NotEqualToThreshold": "!=",
}
OPERATORS = {sign: name for name, sign in COMPARISONS.items()}


class Contact(Resource):
    """`alicloud_cms_alarm_contact`, by the older stack."""

    CHANNELS: ClassVar = {
        "channels_mail": "Mail",
        "channels_sms": "SMS",
        "channels_ding_web_hook": "DingWebHook",
    }
    defaults: ClassVar = dict.fromkeys(CHANNELS, "")

    def create(self, **asked: Any) -> str:
        """Written, as every change is."""
        self.update(asked["alarm_contact_name"], **asked)
        return str(asked["alarm_contact_name"])

    def read(self, id: str) -> dict[str, Any] | None:
        """By its name, from a list."""
        listed = good(self.provider.query("DescribeContactList", CMS, ContactName=id))["Contacts"]["Contact"]
        contact = next((one for one in listed if one["Name"] == id), None)
        if contact is None:
            return None
        channels = {name: contact["Channels"].get(field, "") for name, field in self.CHANNELS.items()}
        language = {"lang": contact["Lang"]} if contact.get("Lang") else {}
        return {**told(contact, alarm_contact_name="Name", describe="Desc"), **channels, **language}

    def update(self, id: str, **changed: Any) -> None:
        """Everything is sent, changed or not."""
        asked = {**self.asked(), **changed}
        channels = {field: asked.get(name) for name, field in self.CHANNELS.items()}
        fields = {"ContactName": id, "Describe": asked["describe"], "Channels": channels}
        good(self.provider.query("PutContact", CMS, **fields))

    def delete(self, id: str) -> None:
        """It is not waited for."""
        good(self.provider.query("DeleteContact", CMS, ContactName=id))


class ContactGroup(Resource):
    """`alicloud_cms_alarm_contact_group`, by the older stack."""

    defaults: ClassVar = {"describe": "", "contacts": []}

    def create(self, **asked: Any) -> str:
        """Written, as every change is."""
        self.update(asked["alarm_contact_group_name"], **asked)
        return str(asked["alarm_contact_group_name"])

    def read(self, id: str) -> dict[str, Any] | None:
        """By its name, from all groups: page after page of twenty."""
        page = 0
        while True:
            page += 1
            answer = good(self.provider.query("DescribeContactGroupList", CMS, PageNumber=page, PageSize=20))
            listed = answer["ContactGroupList"]["ContactGroup"]
            for group in listed:
                if group["Name"] == id:
                    own = told(group, alarm_contact_group_name="Name", describe="Describe")
                    subscribed = told(group, enable_subscribed="EnableSubscribed")
                    return {**own, **subscribed, "contacts": list(group["Contacts"]["Contact"])}
            if len(listed) < 20:
                return None

    def update(self, id: str, **changed: Any) -> None:
        """Everything is sent, changed or not."""
        asked = {**self.asked(), **changed}
        fields = {"ContactNames": asked.get("contacts"), "Describe": asked.get("describe")}
        fields["EnableSubscribed"] = asked.get("enable_subscribed")
        good(self.provider.query("PutContactGroup", CMS, ContactGroupName=id, **fields))

    def delete(self, id: str) -> None:
        """It is not waited for."""
        good(self.provider.query("DeleteContactGroup", CMS, ContactGroupName=id))


class Alarm(Resource):
    """`alicloud_cms_alarm`: the provider makes up the id."""

    defaults: ClassVar = {
        "enabled": True,
        "silence_time": 86400,
        "webhook": "",
        "escalations_critical": None,
        "escalations_warn": None,
        "escalations_info": None,
    }

    def create(self, **asked: Any) -> str:
        """Written, then switched on or off, and read until it is."""
        id = f"terraform-{uuid.uuid4().hex}"
        self.update(id, **asked)
        return id

    def read(self, id: str) -> dict[str, Any] | None:
        """The rule, then where else it sends to."""
        alarm = self._shown(id)
        if alarm is None:
            return None
        targets = good(self.provider.call("DescribeMetricRuleTargets", CMS, RegionId=None, RuleId=id))
        assert isinstance(targets["Targets"]["Target"], list)
        read = told(
            alarm,
            name="RuleName",
            project="Namespace",
            metric="MetricName",
            effective_interval="EffectiveInterval",
            silence_time="SilenceTime",
            enabled="EnableState",
            status="AlertState",
            webhook="Webhook",
        )
        escalations = {
            f"escalations_{level.lower()}": {
                "statistics": one["Statistics"],
                "comparison_operator": COMPARISONS[one["ComparisonOperator"]],
                "threshold": one["Threshold"],
                "times": one["Times"],
            }
            for level, one in alarm["Escalations"].items()
            if one and one.get("Times")
        }
        return {
            **read,
            **escalations,
            "period": int(alarm["Period"]),
            "silence_time": int(read["silence_time"]),
            "contact_groups": alarm["ContactGroups"].split(","),
            # Compared by what it says, not by how it is written.
            "metric_dimensions": json.loads(alarm["Resources"]),
        }

    def update(self, id: str, **changed: Any) -> None:
        """Everything is sent, changed or not."""
        asked = {**self.defaults, **self.asked(), **changed}
        escalations = {
            level.title(): {
                "ComparisonOperator": OPERATORS[one["comparison_operator"]],
                "Statistics": one["statistics"],
                "Threshold": one["threshold"],
                "Times": one["times"],
            }
            for level in ("critical", "warn", "info")
            if (one := asked.get(f"escalations_{level}"))
        }
        fields = {
            "RuleId": id,
            "RuleName": asked["name"],
            "Namespace": asked["project"],
            "MetricName": asked["metric"],
            "Period": asked["period"],
            "ContactGroups": ",".join(asked["contact_groups"]),
            "Resources": _indented(asked["metric_dimensions"]),
            "EffectiveInterval": asked.get("effective_interval"),
            "SilenceTime": asked["silence_time"],
            "Escalations": escalations,
        }
        provider = self.provider
        good(provider.call("PutResourceMetricRule", CMS, RegionId=None, **fields))
        action = "EnableMetricRules" if asked["enabled"] else "DisableMetricRules"
        good(provider.call(action, CMS, RegionId=None, RuleId=[id]))
        switched = str(asked["enabled"])
        provider.wait(id, lambda: str((self._shown(id) or {}).get("EnableState")), switched)

    def delete(self, id: str) -> None:
        """Until the list has none."""
        found(
            lambda: self.provider.call("DeleteMetricRules", CMS, RegionId=None, Id=[id]), "ResourceNotFound"
        )
        self.provider.wait(id, lambda: (self._shown(id) or {}).get("RuleId"))

    def _shown(self, id: str) -> dict[str, Any] | None:
        answer = self.provider.call("DescribeMetricRuleList", CMS, RegionId=None, RuleIds=id)
        listed = good(answer)["Alarms"]["Alarm"]
        return dict(listed[0]) if listed else None


def good(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer whose `Code` is that of success: the provider fails at any other."""
    assert str(answer["Code"]) == "200"
    return answer


def _indented(dimensions: Any) -> str:
    """JSON with the line breaks and blanks that it has in a configuration."""
    return json.dumps(dimensions, indent=4) + "\n"


def seeds_alarm(provider: Provider, group: Contact | ContactGroup, connection: Any, **more: Any) -> Alarm:
    """The alarm of the cloud's guide: received bytes of a peer connection."""
    critical = {"statistics": "Sum", "comparison_operator": ">=", "threshold": "104857600", "times": 2}
    return Alarm(
        provider,
        name="example_cms_alarm_name",
        project="acs_vpcpeer",
        metric="IntranetRX",
        period=60,
        contact_groups=[group["alarm_contact_group_name"]],
        effective_interval="06:00-20:00",
        metric_dimensions=[{"instanceId": connection}],
        escalations_critical=critical,
        **more,
    )
