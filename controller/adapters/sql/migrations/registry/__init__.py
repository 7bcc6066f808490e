"""Migrations of the registry database, one file a revision."""
