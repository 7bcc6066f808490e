"""What a door decided alone is one fact for its message as well: it tells of it again until somebody has heard."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ONE_DECISION = "kind IN ({}) AND message_id IS NOT NULL"
BEFORE = ("entry_granted", "entry_denied", "read_ignored")
AFTER = (*BEFORE, "local_granted", "local_denied")


def upgrade() -> None:
    _index(AFTER)


def downgrade() -> None:
    _index(BEFORE)


def _index(kinds: tuple[str, ...]) -> None:
    where = sa.text(ONE_DECISION.format(", ".join(f"'{kind}'" for kind in kinds)))
    op.drop_index("fact_one_decision", "fact")
    op.create_index(
        "fact_one_decision",
        "fact",
        ["device", "message_id", "reuse"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )
