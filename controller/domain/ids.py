"""Ids are their own types, so that a door is never handed over as a room."""

from typing import NewType

AlarmId = NewType("AlarmId", str)
AreaId = NewType("AreaId", str)
BookingId = NewType("BookingId", str)
CalendarId = NewType("CalendarId", str)
CohortId = NewType("CohortId", str)
CredentialId = NewType("CredentialId", str)
DeviceId = NewType("DeviceId", str)
DoorId = NewType("DoorId", str)
EventId = NewType("EventId", str)
FloorId = NewType("FloorId", str)
LinkId = NewType("LinkId", str)
PartnerId = NewType("PartnerId", str)
PersonId = NewType("PersonId", str)
PlanId = NewType("PlanId", str)
ScheduleId = NewType("ScheduleId", str)
SeriesId = NewType("SeriesId", str)
TeamId = NewType("TeamId", str)
TicketId = NewType("TicketId", str)
TokenId = NewType("TokenId", str)
WaitingId = NewType("WaitingId", str)
ZoneId = NewType("ZoneId", str)

OUTSIDE = AreaId("outside")
"""The area around the building: every space has it and none declares it."""
