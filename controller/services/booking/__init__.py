"""Rooms booked: asked for, changed, come to, given back, waited for; and their calendars."""
