"""Migrations of the events database, one file a revision."""
