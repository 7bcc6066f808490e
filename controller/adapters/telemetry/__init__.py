"""What was measured, in files: the log readings are appended to, and their history made of it. SQLite and numpy are here."""
