"""The event log begins: one table of facts, one decision for a message."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ONE_DECISION = "kind IN ('entry_granted', 'entry_denied', 'read_ignored') AND message_id IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "fact",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("door", sa.Text),
        sa.Column("device", sa.Text),
        sa.Column("area", sa.Text),
        sa.Column("person", sa.Text),
        sa.Column("message_id", sa.Text),
        sa.Column("reuse", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("correlation", sa.Text),
        sa.Column("detail", sa.Text),
    )
    op.create_index(
        "fact_one_decision",
        "fact",
        ["device", "message_id", "reuse"],
        unique=True,
        sqlite_where=sa.text(ONE_DECISION),
        postgresql_where=sa.text(ONE_DECISION),
    )


def downgrade() -> None:
    op.drop_table("fact")
