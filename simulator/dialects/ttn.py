"""The Things Stack v3, as its application server tells of a LoRaWAN sensor: joins, uplinks, what became of downlinks.

The device itself is on the air; its client here stands for the server's MQTT of one application.
"""

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from devices.messages import Scalar
from devices.units import Machine
from simulator.dialects.tongue import Acts, Say, Tongue, body, number, parsed

APPLICATION = "natoma"
_TENANT = "ttn"
_PORT = 2
_DECODED = {"temperature": "temperature", "humidity": "humidity", "co2": "co2", "light": "illuminance"}
# How long the air and the servers take.
_ON_THE_AIR = timedelta(milliseconds=62)
_AT_THE_SERVER = timedelta(milliseconds=180)


@dataclass(frozen=True, slots=True)
class Ttn(Tongue):
    joins: int = 0
    count: int = -1  # of the last uplink in this session
    battery_v: float = 3.6
    queue: tuple[Mapping[str, Any], ...] = ()

    @property
    def base(self) -> str:
        return f"v3/{APPLICATION}@{_TENANT}/devices/{self.who.id}"

    @property
    def filters(self) -> tuple[str, ...]:
        return f"{self.base}/down/push", f"{self.base}/down/replace"

    def rebooted(self) -> Self:
        return replace(self, count=-1)

    def wakes(self, now: datetime) -> tuple[Self, Acts]:
        if self.count >= 0:
            # The server's connection came back; the device in the air knows nothing of it.
            return self, ()
        tongue = replace(self, joins=self.joins + 1)
        accepted = {"session_key_id": tongue.session, "received_at": _time(now)}
        return tongue, (tongue.tells("join", now, {"join_accept": accepted}),)

    def reads(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        decoded = {
            _DECODED[name]: read
            for name, value in values.items()
            if name in _DECODED and (read := number(value)) is not None
        }
        tongue = replace(self, count=self.count + 1, queue=self.queue[1:])
        sent = tuple(self.tells("down/sent", now, {"downlink_sent": downlink}) for downlink in self.queue[:1])
        return tongue, (tongue.uplink(decoded, now), *sent)

    def charged(self, percent: float, now: datetime) -> tuple[Self, Acts]:
        # Told with the next uplink.
        return replace(self, battery_v=round(3.0 + 0.6 * percent / 100, 2)), ()

    def hears(self, topic: str, text: bytes, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        said = (parsed(text) or {}).get("downlinks")
        new = tuple(each for each in said if isinstance(each, dict)) if isinstance(said, list) else ()
        kept = () if topic.endswith("/replace") else self.queue
        told = (self.tells("down/queued", now, {"downlink_queued": downlink}) for downlink in new)
        return replace(self, queue=(*kept, *new)), tuple(told)

    # --- what the server says ---------------------------------------------------------------------------

    @property
    def session(self) -> str:
        return base64.b64encode(bytes.fromhex(self.who.mac) + struct.pack(">Q", self.joins)).decode()

    def uplink(self, decoded: Mapping[str, int | float], now: datetime) -> Say:
        gateway = {"gateway_id": "natoma-roof", "eui": "02000000000000FE"}
        heard = {
            "gateway_ids": gateway, "time": _time(now), "timestamp": _ticks(now), "rssi": -87, "channel_rssi": -87,
            "snr": 9.5,
        }  # fmt: skip
        message = {
            "session_key_id": self.session,
            "f_port": _PORT,
            # Empty fields are left out, and zero is empty: the first uplink has no count.
            **({"f_cnt": self.count} if self.count else {}),
            "frm_payload": _packed(decoded),
            "decoded_payload": {**decoded, "battery": self.battery_v},
            "normalized_payload": [_normalized(decoded, self.battery_v)],
            "rx_metadata": [heard],
            "settings": {
                "data_rate": {"lora": {"bandwidth": 125_000, "spreading_factor": 7, "coding_rate": "4/5"}},
                "frequency": "868100000",
                "timestamp": _ticks(now),
                "time": _time(now),
            },
            "received_at": _time(now + _ON_THE_AIR),
            "consumed_airtime": "0.061696s",
            "network_ids": {"net_id": "000013", "tenant_id": _TENANT, "cluster_id": "eu1"},
        }
        return self.tells("up", now, {"uplink_message": message})

    def tells(self, what: str, now: datetime, content: Mapping[str, object]) -> Say:
        mac = self.who.mac.upper()
        ids = {
            "device_id": self.who.id, "application_ids": {"application_id": APPLICATION}, "dev_eui": f"0200{mac}",
            "join_eui": "0200000000000001", "dev_addr": f"260B{mac[-4:]}",
        }  # fmt: skip
        correlation = [f"as:up:{mac}{self.joins:04}{self.count + 1:010}"]
        outer = {"end_device_ids": ids, "correlation_ids": correlation, "received_at": _time(now + _AT_THE_SERVER)}
        return Say(f"{self.base}/{what}", body({**outer, **content}))


def _normalized(decoded: Mapping[str, int | float], battery_v: float) -> dict[str, object]:
    named = {
        "temperature": "temperature", "humidity": "relativeHumidity", "co2": "co2", "illuminance": "lightIntensity",
    }  # fmt: skip
    air = {named[key]: value for key, value in decoded.items()}
    return {**({"air": air} if air else {}), "battery": battery_v}


def _packed(decoded: Mapping[str, int | float]) -> str:
    """What went over the air: a made-up code of tenths, so that it is not empty and fits the decoded values."""
    return base64.b64encode(b"".join(struct.pack(">i", round(10 * value)) for value in decoded.values())).decode()


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _ticks(moment: datetime) -> int:
    """The concentrator's own counter, in microseconds."""
    return int(moment.timestamp() * 1_000_000) % 2**32
