"""What a message costs on a link: CPU per QoS 1 message out and in, and the time of an echo. Prints JSON lines.

    python -m tests.bench.link_throughput               # CPU per message
    python -m tests.bench.link_throughput echo PORT 60  # answer badges for 60 s: site/door/<id>/badge -> .../unlock

The second speaks the topics of the C load tool, so that both answers can be timed through one broker in one run.
Run by hand: figures of a busy machine say nothing.
"""

import asyncio
import gc
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from devices.link import MQTT_3_1_1, MQTT_5, Delivery, Link, LinkSettings
from tests.support.broker import MosquittoBroker

COUNT = 20_000
PAYLOAD = b'{"id":"sensor-042","v":{"co2":812.5,"temperature":21.4,"humidity":44},"ts":"2026-03-01T12:00:00.000+01:00"}'
TOPIC = "natoma/1/sensor-042/up/telemetry"

# What the contract asks for under MQTT 5, on what it asks it for.
PROPERTIES = {
    "expiry_s": 3,
    "content_type": "application/json",
    "correlation": b"01JNB3TXM5QW8ZK4T6Y0R9E7VH",
    "user_properties": {"schema": "1.0"},
}


def settings(port: int, client_id: str, protocol: int, **changes: object) -> LinkSettings:
    return LinkSettings(
        "127.0.0.1",
        client_id,
        port=port,
        protocol=protocol,
        clean_start=True,
        session_expiry_s=0,
        outbox_limit=5000,
        **changes,  # type: ignore[arg-type]
    )


async def send(port: int, protocol: int, properties: dict[str, object]) -> float:
    """CPU microseconds for each message published and confirmed."""
    async with Link(settings(port, "sender", protocol), lambda _: None) as link:
        await link.connected(5)
        began = time.process_time()
        done = 0
        while done < COUNT:
            burst = [link.publish(TOPIC, PAYLOAD, qos=1, **properties) for _ in range(1000)]  # type: ignore[arg-type]
            await asyncio.gather(*(future for future in burst if future is not None))
            done += len(burst)
        return (time.process_time() - began) / COUNT * 1e6


async def receive(port: int, protocol: int, properties: dict[str, object]) -> tuple[float, float]:
    """CPU microseconds for each message received and acknowledged, and messages a second."""
    finished = asyncio.get_running_loop().create_future()
    heard = 0

    def on_delivery(delivery: Delivery) -> None:
        nonlocal heard
        link.ack(delivery)
        heard += 1
        if heard == COUNT:
            finished.set_result(None)

    hears = settings(port, "receiver", protocol, subscriptions=((TOPIC, 1),))
    async with Link(hears, on_delivery) as link:
        await link.connected(5)
        sender = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench.link_throughput",
            "flood",
            str(port),
            json.dumps("expiry_s" in properties),
        )
        while heard == 0:
            await asyncio.sleep(0.001)
        first, began, cpu = heard, time.monotonic(), time.process_time()
        await asyncio.wait_for(finished, 60)
        cpu_us = (time.process_time() - cpu) / (COUNT - first) * 1e6
        rate = (COUNT - first) / (time.monotonic() - began)
        await sender.wait()
        return cpu_us, rate


async def flood(port: int, with_properties: bool) -> None:
    async with Link(settings(port, "flood", MQTT_5), lambda _: None) as link:
        await link.connected(5)
        for _ in range(COUNT // 1000):
            properties = PROPERTIES if with_properties else {}
            burst = [link.publish(TOPIC, PAYLOAD, qos=1, **properties) for _ in range(1000)]  # type: ignore[arg-type]
            await asyncio.gather(*(future for future in burst if future is not None))


async def echo(port: int, seconds: float, protocol: int) -> None:
    """Answer each badge of the C load tool, as its own echo does: acknowledged and answered at once."""
    seq = re.compile(rb'"seq":(\d+)')

    def on_delivery(delivery: Delivery) -> None:
        link.ack(delivery)
        found = seq.search(delivery.payload)
        if found is not None:
            door = delivery.topic.split("/")[2]
            body = b'{"door":"%s","action":"unlock","seq":%s}' % (door.encode(), found[1])
            link.publish(f"site/door/{door}/unlock", body, qos=1)

    async with Link(settings(port, "echo", protocol, subscriptions=(("site/door/+/badge", 1),)), on_delivery) as link:
        await link.connected(5)
        gc.collect()
        gc.freeze()
        print("ready", file=sys.stderr, flush=True)
        await asyncio.sleep(seconds)


def report(case: str, protocol: int, run: Callable[[], float | tuple[float, float]]) -> None:
    result = run()
    cpu_us, rate = result if isinstance(result, tuple) else (result, None)
    line = {"case": case, "protocol": "5" if protocol == MQTT_5 else "3.1.1", "cpu_us": round(cpu_us, 1)}
    print(json.dumps(line | ({"per_s": round(rate)} if rate is not None else {})), flush=True)


def measure() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        MosquittoBroker(Path(folder), extra=("max_queued_messages 0",)) as broker,
    ):
        for protocol in (MQTT_3_1_1, MQTT_5):
            report("send", protocol, lambda p=protocol: asyncio.run(send(broker.port, p, {})))  # type: ignore[misc]
            report("receive", protocol, lambda p=protocol: asyncio.run(receive(broker.port, p, {})))  # type: ignore[misc]
        report("send with properties", MQTT_5, lambda: asyncio.run(send(broker.port, MQTT_5, PROPERTIES)))
        report("receive with properties", MQTT_5, lambda: asyncio.run(receive(broker.port, MQTT_5, PROPERTIES)))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["flood", port, with_properties]:
            asyncio.run(flood(int(port), json.loads(with_properties)))
        case ["echo", port, seconds, *version]:
            asyncio.run(echo(int(port), float(seconds), MQTT_3_1_1 if version == ["3.1.1"] else MQTT_5))
        case _:
            measure()
