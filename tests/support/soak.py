"""How long the long form is: `make soak` says so in the environment, and without a word tests are as short as they may be.

A test that kills asks for `kills`; one that lives through something once takes the fixture `again` (tests/e2e/conftest.py),
which runs all of it ROUNDS times, each in a house of its own.
"""

import os

ROUNDS = int(os.environ.get("NATOMA_ROUNDS", "1"))


def kills(usual: int) -> int:
    """How often a test kills: as often as it usually does, or as the long form says."""
    return int(os.environ.get("NATOMA_KILLS", usual))
