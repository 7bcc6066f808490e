"""Readings and rooms: taken, kept, judged."""
