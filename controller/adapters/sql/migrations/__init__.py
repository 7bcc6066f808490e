"""What changed in each database, revision by revision."""
