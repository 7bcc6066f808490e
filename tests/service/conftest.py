"""The services' time is injected: every test here runs on a loop that leaps over its waits."""

from tests.support.leaping import LeapingLoop


def pytest_asyncio_loop_factories(config, item):
    return {"leaping": LeapingLoop}
