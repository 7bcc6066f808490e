"""What was measured, asked for later, sent on to a database, kept as long as it may be; what was lost upstream, counted."""
