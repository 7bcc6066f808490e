"""A pure-Python broker as a child process, where mosquitto is not installed: `python -m … SETTINGS.json`.

Loopback only, the same users and rights as the real one. It cannot do MQTT 5, and what waits in it is
lost when it stops; `embedded` says so to whoever starts it.
"""

import asyncio
import contextlib
import hmac
import json
import logging
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from controller.adapters.broker.rights import is_allowed

_SETTINGS: dict[str, str] = {}
_DIALECTS: dict[str, str] = {}


class PasswordPlugin(BaseAuthPlugin):  # type: ignore[misc]  # amqtt's plugins are untyped
    """Lets in who knows a password of passwords.json, read again so that new devices need no restart."""

    async def authenticate(self, *, session: Session) -> bool:
        known = _passwords().get(session.username or "", "")
        return bool(known) and hmac.compare_digest(known.encode(), (session.password or "").encode())


class RightsPlugin(BaseTopicPlugin):  # type: ignore[misc]  # amqtt's plugins are untyped
    """Asks the one table of rights about every topic."""

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        if session is None or not session.username or not topic:
            return False
        user = session.username
        writing, dialect = action == Action.PUBLISH, _DIALECTS.get(user, "")
        return is_allowed(user, _SETTINGS["root"], writing=writing, topic=topic, dialect=dialect)


class Subscriptions(dict[str, list[tuple[Session, int]]]):
    """What amqtt keeps its subscribers in, made safe to walk through while somebody subscribes.

    It delivers each message, and greets each client, by a walk over this table that waits in between. A client that
    subscribed meanwhile ended the walk with an error: the message was lost, a badge at worst, or the client hung up on.
    """

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().__iter__()))

    def items(self) -> Any:
        return [(topic_filter, list(subscribers)) for topic_filter, subscribers in super().items()]


class SteadyBroker(Broker):  # type: ignore[misc]  # amqtt is untyped
    """amqtt's broker, with what it does to a building of some dozen devices mended; it offers no other way in."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._subscriptions = Subscriptions()

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        # At each connect it would send what is retained for everybody's subscriptions, whatever the rights say.
        subscribers = self._subscriptions.get(subscription[0], [])
        if any(subscriber.client_id == session.client_id for subscriber, _ in subscribers):
            await super()._publish_retained_messages_for_subscription(subscription, session)


def _passwords() -> dict[str, str]:
    return dict(json.loads(Path(_SETTINGS["passwords"]).read_text()))


async def serve(port: int) -> None:
    """Run until told to stop."""
    broker = SteadyBroker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {f"{__name__}.PasswordPlugin": {}, f"{__name__}.RightsPlugin": {}},
        }
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await broker.start()
    await stop.wait()
    with contextlib.suppress(Exception):  # we are leaving; a client that is gone already is no news
        await broker.shutdown()


def main() -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(message)s")
    # It logs every dropped client with a traceback; here that is a phone leaving the room.
    logging.getLogger("amqtt").setLevel(logging.ERROR)
    logging.getLogger("transitions").setLevel(logging.ERROR)
    settings = json.loads(Path(sys.argv[1]).read_text())
    _SETTINGS.update(root=settings["root"], passwords=settings["passwords"])
    _DIALECTS.update(settings.get("dialects", {}))
    asyncio.run(serve(settings["port"]))


if __name__ == "__main__":
    # The plugins are found by module name: run the module that has it, not this `__main__` copy.
    from controller.adapters.broker import pure_python

    pure_python.main()
