"""Messages written down and said again, in the contract's capture format."""

from simulator.capture.line import Line, masked, read, text_of

__all__ = ["Line", "masked", "read", "text_of"]
