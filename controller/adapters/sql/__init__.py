"""The registry and the event log in SQL: schemas, migrations and the two stores. SQLAlchemy and Alembic live here alone."""
