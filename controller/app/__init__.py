"""The composition root: opens adapters, builds services on them, starts their tasks and stops them in reverse.

Nothing here decides anything. Settings come from `controller.config`, the building from `controller.space`.
"""

from controller.app.compose import Running, run

__all__ = ["Running", "run"]
