"""A day's morning recorded from a real broker and said again to another."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.link import Link, LinkSettings
from simulator.capture import read
from tests.support.broker import MosquittoBroker

pytestmark = pytest.mark.broker


async def test_what_was_recorded_is_said_again_by_each_device_itself(tmp_path: Path):
    out = tmp_path / "c.jsonl"
    three_days_ago = {**os.environ, "NATOMA_CLOCK_SHIFT": str(-3 * 86400)}
    with MosquittoBroker(tmp_path / "one") as one, MosquittoBroker(tmp_path / "two") as two:
        words = ["record", "--out", str(out), "--for", "30", "--mqtt", f"mqtt://127.0.0.1:{one.port}"]
        process = await asyncio.create_subprocess_exec(
            *_sim(*words, "--data", str(tmp_path)), stderr=asyncio.subprocess.PIPE, env=three_days_ago
        )
        async with Link(
            LinkSettings("127.0.0.1", "reader", port=one.port, clean_start=True, session_expiry_s=0), lambda _: None
        ) as reader:
            await reader.connected(5)
            while "recorder" not in one.log():
                await asyncio.sleep(0.02)
            while "natoma/1/#" not in one.log():
                await asyncio.sleep(0.02)
            body = {"id": "7-1", "type": "badge.read", "ts": "2020-01-01T00:00:00Z", "data": {"card": "04AF68DACB5A80"}}
            await reader.publish("natoma/1/reader/up/event", json.dumps(body).encode(), qos=1)
            await reader.publish("natoma/1/reader/up/telemetry", b"\xff\xfe", qos=1)
            while not out.exists() or out.read_text().count("\n") < 2:
                await asyncio.sleep(0.02)
        process.terminate()
        _, said = await process.communicate()
        assert process.returncode == 0, said
        assert b"2 messages are in" in said
        assert out.stat().st_mode & 0o777 == 0o600

        heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        listens = LinkSettings("127.0.0.1", "ear", port=two.port, clean_start=True, session_expiry_s=0, subscriptions=(("natoma/1/#", 1),))  # fmt: skip
        async with Link(listens, lambda delivery: heard.put_nowait((delivery.topic, delivery.payload))) as ear:
            await ear.connected(5)
            again = await asyncio.create_subprocess_exec(
                *_sim("replay", str(out), "--speed", "100", "--mqtt", f"mqtt://127.0.0.1:{two.port}", "--data", str(tmp_path)),
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            said, length = await again.communicate()
            first, second = await asyncio.wait_for(heard.get(), 5), await asyncio.wait_for(heard.get(), 5)

    assert length == b"2 messages over 0 s at speed 100, which takes 0 s\n"
    assert said == b"2 messages of 1 device were said again; 0 were not\n"
    assert second == ("natoma/1/reader/up/telemetry", b"\xff\xfe")
    assert first[0] == "natoma/1/reader/up/event"
    spoken = json.loads(first[1])
    assert spoken["data"]["card"] == "************80"
    assert datetime.fromisoformat(spoken["ts"]) > datetime.fromisoformat(body["ts"])
    assert [one.qos for one in read(out)] == [1, 1]
    # The recorder lived in a house of three days ago, and so does what it wrote; the bodies move along by as much.
    assert timedelta(days=3) < datetime.now(UTC) - next(read(out)).at < timedelta(days=3, minutes=5)
    moved_by = datetime.fromisoformat(spoken["ts"]) - datetime.fromisoformat(body["ts"])
    assert timedelta(days=3) < moved_by < timedelta(days=3, minutes=5)


def _sim(*words: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *words]
