"""InfluxDB 2, and whatever takes the same writes: lines, one request after the other, how far it is."""

from controller.adapters.influx.settings import InfluxSettings

__all__ = ["InfluxSettings"]
