"""The broker both sides are measured through, and the devices' retained birth and status on it."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.adapters.broker.embedded import find_mosquitto
from devices import codec
from devices.messages import Birth, ChannelSpec, DeviceState, Status
from devices.topics import Kind, Topics
from tests.bench import building


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """Mosquitto as we ship it, but open to all: passwords are not what is measured."""
    program = find_mosquitto()
    if program is None:
        raise SystemExit("bench: no mosquitto; Debian: apt install mosquitto")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\nset_tcp_nodelay true\npersistence true\n"
        f"persistence_location {folder}/\nautosave_interval 1\nmax_queued_messages 200000\nmax_inflight_messages 200\n"
        "log_type error\n"
    )
    child = subprocess.Popen([program, "-c", str(folder / "mosquitto.conf")], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 5
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        yield port
    finally:
        child.terminate()
        child.wait()


def present_devices(port: int) -> None:
    """Every device says once, retained, who it is and that it is ready."""
    import paho.mqtt.client as paho

    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    topics = Topics()
    door = Birth(
        contract="1.0",
        rev=1,
        channels={
            "door.lock": ChannelSpec(device_class="lock", momentary=True),
            "door.contact": ChannelSpec(device_class="door"),
            "badge": ChannelSpec(device_class="badge", momentary=True),
        },
    )
    sensor = Birth(contract="1.0", rev=1, channels={"temperature": ChannelSpec(device_class="temperature", unit="°C")})
    ready = codec.encode(Status(state=DeviceState.READY, boot="b1"))
    sent = []
    for n in range(building.DOORS):
        sent.append(client.publish(topics.up(f"door-{n:02}", Kind.BIRTH), codec.encode(door), 1, True))
        sent.append(client.publish(topics.up(f"door-{n:02}", Kind.STATUS), ready, 1, True))
    for n in range(building.SENSORS):
        sent.append(client.publish(topics.up(f"sensor-{n:03}", Kind.BIRTH), codec.encode(sensor), 1, True))
        sent.append(client.publish(topics.up(f"sensor-{n:03}", Kind.STATUS), ready, 1, True))
    for message in sent:
        message.wait_for_publish(10)
    client.loop_stop()
    client.disconnect()
