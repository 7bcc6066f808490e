"""Calendars in and out: those kept elsewhere, as bookings here; those of rooms, people and events, for others to read."""
