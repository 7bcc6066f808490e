"""Device-side behaviour as pure machines: what the simulator runs, and what firmware should do.

One file per device; `steps` has what goes in and comes out. Nothing here waits, sends or tells the time.
"""

from devices.units.door import DoorProfile, DoorUnit
from devices.units.light import Light
from devices.units.own_list import DoorKeys, OwnList
from devices.units.reader import Reader
from devices.units.sensor import Sensor, SensorProfile
from devices.units.steps import Effect, Effects, Input, Machine
from devices.units.voice import Voice

__all__ = [
    "DoorKeys",
    "DoorProfile",
    "DoorUnit",
    "Effect",
    "Effects",
    "Input",
    "Light",
    "Machine",
    "OwnList",
    "Reader",
    "Sensor",
    "SensorProfile",
    "Voice",
]
