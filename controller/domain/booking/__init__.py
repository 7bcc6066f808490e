"""Booking a room: what may be booked, how it repeats, who came, who waits. What it opens is in `booking_rights`."""
