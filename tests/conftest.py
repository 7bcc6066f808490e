"""What holds for every test: the lines of which ones count, and which cases a law is tried on."""

import os
import sys
from collections.abc import Generator

import pytest
from hypothesis import settings

# Whoever works on it tries cases that nobody has tried yet, and keeps what they find as an example of the law. A run
# that decides whether a change is taken must say the same of the same change twice.
settings.register_profile("the same cases each time", derandomize=True)
if os.environ.get("NATOMA_REQUIRE_COMPONENTS"):
    settings.load_profile("the same cases each time")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """A law is tried without counting lines, which takes several times as long as trying it.

    Nothing is lost: a line wants a test that names it, not an example that may come by.
    """
    if not is_law(pyfuncitem):
        return (yield)
    tracing = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracing)


def is_law(item: pytest.Function) -> bool:
    """Hypothesis' tests are; others that try thousands of cases, or live through hours second by second, say so."""
    return getattr(item.obj, "is_hypothesis_test", False) or item.get_closest_marker("law") is not None


def pytest_sessionfinish() -> None:
    started = sys.modules.get("tests.support.postgres")  # by the first test that needs a server, if any did
    if started is not None:
        started.stop()
