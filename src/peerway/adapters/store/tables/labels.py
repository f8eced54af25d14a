"""Tables of what accounts write on resources."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint

from peerway.adapters.store.tables.columns import optional, resource, text

LABELS = resource(
    "labels",
    text("resource_id"),
    text("resource_kind"),
    text("tags"),
    optional("group_id"),
    search="resource_id group_id owner_uid",
)

RESOURCE_GROUP = resource(
    "resource_group",
    text("name"),
    text("display_name"),
    UniqueConstraint("owner_uid", "name"),
    search="owner_uid",
)
