"""Tallies: how many live connections each account has in each region, so that a limit is checked by one look-up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: One with both sides in an account's region counts once there.
COUNT = """
INSERT INTO tally (kind, key, count)
SELECT 'peering', side.key, count(*) FROM (
    SELECT id, requester_uid || '/' || requester_region_id AS key FROM peering
    WHERE state IN ('creating', 'pending', 'updating', 'active', 'suspended', 'deleting')
    UNION
    SELECT id, accepter_uid || '/' || accepter_region_id AS key FROM peering
    WHERE state IN ('creating', 'pending', 'updating', 'active', 'suspended', 'deleting')
) AS side GROUP BY side.key
"""


def upgrade() -> None:
    """Make the table and count what is there."""
    op.create_table(
        "tally",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_tally"),
    )
    op.execute(COUNT)
