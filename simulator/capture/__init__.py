"""Messages written down and said again, in the contract's capture format."""

from simulator.capture.line import Line, read, text_of
from simulator.capture.masking import masked

__all__ = ["Line", "masked", "read", "text_of"]
