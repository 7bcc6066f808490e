"""The doctor's look at what runs: the service by its own word, else the broker by a short visit."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from controller.adapters.broker.configuration import mosquitto_conf
from controller.adapters.mqtt import DROPPED_TOPIC, Broker, telemetry_settings
from controller.app.doctor.finding import Finding
from controller.config import Settings
from devices.errors import BadCredentials, LinkError
from devices.link import Delivery, Link
from devices.topics import Topics

_ANSWERS_WITHIN_S = 5.0
_LOOKS_FOR_S = 2.0
_SLOW_S = 0.02
_ADVICE = "compare your broker's configuration with docs/settings.md, 'Your own broker'"


def look_at_service(settings: Settings) -> Iterator[Finding]:
    """What a running service says of its parts."""
    host = "127.0.0.1" if settings.web.host in ("0.0.0.0", "::") else settings.web.host  # noqa: S104
    url = f"http://{host}:{settings.web.port}/healthz"
    try:
        parts = _asked(url)
    except (OSError, ValueError, KeyError) as error:
        yield Finding.note(
            "service", f"it runs, and {url} does not answer ({error})", "name its port with --web-port to see its parts"
        )
        return
    for part in parts:
        name, text = f"service, {part['name']}", str(part["text"])
        if part["ok"]:
            yield Finding.well(name, text)
        elif part["vital"]:
            yield Finding.act(name, text, "look at its log; docs/reliability.md says what follows from it")
        else:
            yield Finding.note(name, text, "look at the page")


def _asked(url: str) -> list[dict[str, Any]]:
    try:
        with urllib.request.urlopen(url, timeout=_ANSWERS_WITHIN_S) as answer:  # noqa: S310  # an address of ours
            told = answer.read()
    except urllib.error.HTTPError as error:
        told = error.read()  # not well, and saying so
    return list(json.loads(told)["components"].values())


def look_at_own_broker(data: Path) -> Iterator[Finding]:
    """The configuration of a broker of ours: written at each start, so another one was edited."""
    path = data / "broker" / "mosquitto.conf"
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    port = next((line.split()[1] for line in text.splitlines() if line.startswith("listener ")), "0")
    ours = _settings_in(mosquitto_conf(data / "broker", int(port)))
    if missing := sorted(ours - _settings_in(text)):
        yield Finding.note(
            "broker", f"its configuration lacks: {'; '.join(missing)}", "start Natoma again: it writes it anew"
        )
    else:
        yield Finding.well("broker", "configured as Natoma does")


def _settings_in(text: str) -> set[str]:
    paths = ("pid_file", "password_file", "acl_file", "persistence_location")
    lines = (line.strip() for line in text.splitlines())
    return {line for line in lines if line and not line.startswith(("#", *paths))}


async def look_at_broker(broker: Broker, root: str) -> list[Finding]:
    """A broker of somebody else's, while no service of ours is there: under our own name, so that our session stays.

    What waits for us is handed over and not acknowledged: it waits on.
    """
    dropped: list[int] = []

    def heard(delivery: Delivery) -> None:
        if delivery.topic == DROPPED_TOPIC and delivery.payload.isdigit():
            dropped.append(int(delivery.payload))

    settings = telemetry_settings(broker, Topics(root))
    what = f"broker {settings.address}"
    async with Link(settings, heard) as link:
        try:
            await link.connected(_ANSWERS_WITHIN_S)
        except BadCredentials as error:
            return [Finding.act(what, f"it refuses us: {error}", "give the right user and password in setting mqtt")]
        except LinkError as error:
            return [Finding.act(what, f"it cannot be reached: {error}", "start it, or correct setting mqtt")]
        await asyncio.sleep(_LOOKS_FOR_S)
        state = link.state
    found = [Finding.well(what, "it takes us")]
    if state.refused_subscriptions:
        refused = ", ".join(state.refused_subscriptions)
        found.append(
            Finding.act(
                what, f"it does not let us hear {refused}", "give our users the rights of .docker/mosquitto/acl"
            )
        )
    if not state.session_present:
        found.append(
            Finding.note(
                what, "it keeps no session of ours", f"well before the first run; else {_ADVICE}: persistence, expiry"
            )
        )
    if state.rtt_s is None:
        found.append(
            Finding.act(
                what, "our own beat does not come back", "let us read and write our beat topic: .docker/mosquitto/acl"
            )
        )
    elif state.rtt_s >= _SLOW_S:
        found.append(
            Finding.note(what, f"an echo takes {state.rtt_s * 1000:.0f} ms", "set `set_tcp_nodelay true` there")
        )
    if not dropped:
        found.append(
            Finding.note(what, "it does not tell how much it drops ($SYS)", "allow our telemetry user to read $SYS/#")
        )
    elif dropped[-1]:
        found.append(
            Finding.act(
                what, f"it has dropped {dropped[-1]:,} messages since its start", f"{_ADVICE}: max_queued_messages"
            )
        )
    return found
