"""One or two true examples of every message, shown in the schemas and the documentation.

A test reads each with the codec, so an example cannot lie. The card is the contract's own test vector.
"""

from typing import Any

from devices.topics import Kind

_EVENT_ID = "01JZ8M3W6P0E8H3Q5T7V9X1Y2B"
_COMMAND_ID = "01JZ8M3W71C4K6N8R0T2V4X6Z8"

EXAMPLES: dict[Kind, list[dict[str, Any]]] = {
    Kind.BIRTH: [
        {
            "contract": "1.0",
            "rev": 3,
            "name": "Street door",
            "model": "door unit",
            "sw": "2.4.1",
            "channels": {
                "door.contact": {"class": "door"},
                "door.lock": {"class": "lock", "set": True, "momentary": True},
                "temperature": {"class": "temperature", "unit": "°C", "min": -20, "max": 60},
            },
            "every_s": 60,
        }
    ],
    Kind.STATUS: [{"state": "ready", "boot": "7", "ts": "2026-05-04T10:11:12Z"}, {"state": "lost", "boot": "7"}],
    Kind.TELEMETRY: [
        {"seq": 1234, "ts": "2026-05-04T10:11:12.345Z", "v": {"temperature": 21.5, "co2": 612, "occupied": True}},
        {
            "seq": 1235,
            "batch": [
                {"ts": 1777889460, "v": {"temperature": 21.5}},
                {"ts": 1777889520, "v": {"temperature": 21.6, "co2": None}},
            ],
        },
    ],
    Kind.STATE: [{"ts": "2026-05-04T10:11:12Z", "v": {"door.contact": "closed", "door.lock": "locked"}}],
    Kind.EVENT: [
        {
            "id": _EVENT_ID,
            "type": "badge.read",
            "ts": "2026-05-04T10:11:12.345Z",
            "data": {"card": "04AF68DACB5A80", "bits": 56, "format": "iso14443a", "direction": "in"},
        },
        {"id": "7-41", "type": "pin.entered", "ts": "2026-05-04T10:11:12.345Z", "data": {"pin": "000000"}},
        {"id": "7-42", "type": "button", "age_ms": 120, "channel": "onair"},
        {
            "id": "7-43",
            "type": "local.granted",
            "ts": "2026-05-04T10:11:12.345Z",
            "age_ms": 86_400_000,
            "data": {
                "h": "f0e1d2c3b4a5968778695a4b3c2d1e0f",
                "rev": 41,
                "reason": "member",
                "right": "member",
                "uses_day": True,
                "direction": "in",
            },
        },
        {
            "id": "7-44",
            "type": "local.granted",
            "ts": "2026-05-04T10:12:00Z",
            "data": {
                "rev": 41,
                "reason": "member",
                "right": "member",
                "uses_day": True,
                "visit": {
                    "iss": "trudaine",
                    "sub": "camille",
                    "id": "k7m2p9qx",
                    "since": "2026-05-04T09:00:00Z",
                    "until": "2026-05-05T09:00:00Z",
                    "days": 1,
                },
            },
        },
    ],
    Kind.ACK: [
        {"re": _COMMAND_ID, "phase": "done", "state": "unlocked"},
        {"re": _COMMAND_ID, "phase": "refused", "reason": "expired"},
    ],
    Kind.HEALTH: [{"battery": 87, "rssi": -61, "uptime_s": 86400, "access_rev": 41}],
    Kind.COMMAND: [
        {
            "id": _COMMAND_ID,
            "ts": "2026-05-04T10:11:12.351Z",
            "ttl_ms": 3000,
            "do": "unlock",
            "channel": "door.lock",
            "hold_s": 5,
            "re": _EVENT_ID,
        },
        {
            "id": _COMMAND_ID,
            "ts": "2026-05-04T10:11:12.351Z",
            "ttl_ms": 3000,
            "do": "signal",
            "re": _EVENT_ID,
            "reason": "outside_hours",
        },
        {
            "id": _COMMAND_ID,
            "ts": "2026-05-04T10:11:12.351Z",
            "ttl_ms": 3000,
            "do": "signal",
            "re": _EVENT_ID,
            "reason": "enter_pin",
        },
        {
            "id": _COMMAND_ID,
            "ts": "2026-05-04T10:11:12.351Z",
            "ttl_ms": 3000,
            "do": "signal",
            "reason": "held_open",
        },
    ],
    Kind.DESIRED: [
        {"rev": 9, "v": {"onair": {"value": True, "until": "2026-05-04T11:00:00Z"}}},
        {"rev": 10, "v": {"door.mode": {"value": "unlocked", "until": "2026-05-04T18:00:00Z"}}},
    ],
    Kind.ACCESS: [
        {
            "rev": 41,
            "issued": "2026-05-04T10:00:00Z",
            "until": "2026-05-05T10:00:00Z",
            "salt": "00112233445566778899aabbccddeeff",
            "entries": [
                {"h": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "right": "blocked"},
                {"h": "f0e1d2c3b4a5968778695a4b3c2d1e0f", "weekly": [[480, 1200], [1920, 2640]], "days": 2},
                {
                    "h": "f0e1d2c3b4a5968778695a4b3c2d1e0f",
                    "once": [["2026-05-04T17:50:00Z", "2026-05-04T20:00:00Z"]],
                    "hold_s": 15,
                },
                {"h": "a1b2c3d4e5f60718293a4b5c6d7e8f90", "weekly": [[480, 1200]], "days": 1},
            ],
            "zone": "Europe/Paris",
            "cut_off": 240,
            "closed": ["2026-05-08"],
            "issuers": [
                {
                    "iss": "trudaine",
                    "key": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg",
                    "h": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
                    "revoked": ["q4w8z3nt"],
                    "subs": {"lucien": "2026-05-01T18:00:00Z"},
                }
            ],
            "sig": "ed25519:example-signature",
        }
    ],
    Kind.REJECT: [
        {
            "topic": "natoma/1/booth-air/up/telemetry",
            "reason": "schema",
            "path": "v.co2",
            "hint": "send a number, without quotes",
            "sample": '{"v":{"co2":[612]}}',
            "count": 3,
        }
    ],
}
