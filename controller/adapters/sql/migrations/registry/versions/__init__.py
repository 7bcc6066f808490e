"""Oldest to newest; a file that has been released is never edited."""
