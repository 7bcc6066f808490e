"""Days lived at full speed, without a broker: the same world, the same machines, and time that nobody waits for."""

from simulator.dry.day import Day, lived

__all__ = ["Day", "lived"]
