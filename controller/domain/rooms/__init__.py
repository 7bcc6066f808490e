"""How a room is: who seems to be in it, its comfort, air, quiet and wifi, its bookings, and whether it is on air.

Everything sensed is an estimate with its reason. Nothing here knows a name, a clock or a device.
"""
