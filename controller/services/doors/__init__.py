"""The doors as they stand: their workers, their modes, the state people set for them, and their alarms."""
