"""How Alembic runs the migrations of the registry database: on the connection and in the transaction of `upgrade`."""

from alembic import context

import controller.adapters.sql.schema_rooms  # noqa: F401  # its tables join the metadata
from controller.adapters.sql.schema_registry import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["chain"].version_table,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
