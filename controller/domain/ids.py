"""Ids are their own types, so that a door is never handed over as a room."""

from typing import NewType

AreaId = NewType("AreaId", str)
CredentialId = NewType("CredentialId", str)
DeviceId = NewType("DeviceId", str)
DoorId = NewType("DoorId", str)
FloorId = NewType("FloorId", str)
PersonId = NewType("PersonId", str)
PlanId = NewType("PlanId", str)
ScheduleId = NewType("ScheduleId", str)
TeamId = NewType("TeamId", str)
ZoneId = NewType("ZoneId", str)

OUTSIDE = AreaId("outside")
"""The area around the building: every space has it and none declares it."""
