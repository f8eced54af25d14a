"""Quotas and applications for higher ones."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from peerway.api.native.schemas.common import Body, ListParameters, TenantListParameters, Text, Word


class QuotaList(ListParameters):
    """Which quotas."""

    profile: Word | None = Field(None, description="Only those of this product.")
    uid: Word | None = Field(None, description="Those of this account; operators only.")


class GrantBody(Body):
    """A limit for one account."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"uid": "1000000000000001", "limit": 500}]})

    uid: Word = Field(description="The account.")
    limit: int = Field(ge=0, le=2**53, description="The new limit; 0 forbids.")


class ApplicationBody(Body):
    """A wish for a higher limit."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "router_interfaces_per_account", "desired": 20, "reason": "one for each branch"}
            ]
        }
    )

    name: Word = Field(description="Name of the quota.")
    desired: int = Field(ge=0, le=2**53, description="The limit it should have.")
    reason: Text = Field("", description="Why.")


class AnswerBody(Body):
    """What an operator says to an application."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"answer": "Granted until the end of the year."}]}
    )

    answer: Text = Field("", description="What to tell the tenant.")


class ApplicationList(TenantListParameters):
    """Which applications."""

    state: Word | None = Field(None, description="Only those `pending`, `approved` or `rejected`.")
