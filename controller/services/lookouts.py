"""Whatever looks into a store again and again: one that cannot be read now is told of once, and asked again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from controller.errors import StoreError


async def look_again_and_again(
    look: Callable[[], Awaitable[None]], *, every: float, failing: str, logger: logging.Logger
) -> None:
    """Look, for ever; `failing` says what that means while the store fails, to be followed by why."""
    is_failing = False
    while True:
        try:
            await look()
        except StoreError as error:
            logger.log(logging.DEBUG if is_failing else logging.WARNING, "%s: %s", failing, error)
            is_failing = True
        else:
            is_failing = False
        await asyncio.sleep(every)
