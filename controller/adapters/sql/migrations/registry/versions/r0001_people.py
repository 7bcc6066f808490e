"""The registry begins: people, teams, plans, memberships, leases, credentials, and the record of changes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table("team", sa.Column("id", sa.Text, primary_key=True), sa.Column("name", sa.Text, nullable=False))
    op.create_table(
        "person",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("banned", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("needs_time", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("team", sa.Text, sa.ForeignKey("team.id")),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("in_space", sa.Boolean, nullable=False),
    )
    op.create_table(
        "membership",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("plan", sa.Text, sa.ForeignKey("plan.id"), primary_key=True),
        sa.Column("starts", sa.Date, primary_key=True),
        sa.Column("ends", sa.Date),
        sa.Column("standing", sa.Text, nullable=False),
    )
    op.create_table(
        "lease",
        sa.Column("team", sa.Text, sa.ForeignKey("team.id"), primary_key=True),
        sa.Column("area", sa.Text, primary_key=True),
        sa.Column("starts", sa.Date, primary_key=True),
        sa.Column("ends", sa.Date),
    )
    op.create_table(
        "credential",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("valid_from_ms", sa.BigInteger),
        sa.Column("valid_until_ms", sa.BigInteger),
        sa.Column("last_two", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
    )
    op.create_index("credential_person", "credential", ["person"])
    op.create_index("credential_digest", "credential", ["digest"], unique=True)
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "change",
        sa.Column("version", number, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.Text, primary_key=True),
    )
    meta = op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(meta, [{"key": "version", "value": 0}])


def downgrade() -> None:
    for table in ("meta", "change", "credential", "lease", "membership", "plan", "person", "team"):
        op.drop_table(table)
