"""Faults: what goes wrong with devices, their links and the broker, on purpose and the same for the same seed."""

from simulator.faults.desk import Desk
from simulator.faults.fault import Fault, made
from simulator.faults.injector import Injector
from simulator.faults.kinds import BROKER, KINDS
from simulator.faults.proxy import Proxy
from simulator.faults.reading import read
from simulator.faults.transcript import Transcript

__all__ = ["BROKER", "KINDS", "Desk", "Fault", "Injector", "Proxy", "Transcript", "made", "read"]
