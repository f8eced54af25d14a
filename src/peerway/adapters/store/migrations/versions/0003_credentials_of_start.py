"""Credentials made by a start are marked, so that the next start can replace them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark; who made the credentials that are there is not known, so they stay."""
    op.add_column(
        "credential", sa.Column("of_start", sa.Boolean(), nullable=False, server_default=sa.false())
    )
