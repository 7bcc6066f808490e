"""No two messages of a device share a moment: a database that has one point for each would keep one of them."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.adapters.telemetry.store import TelemetryStore
from controller.domain.ids import DeviceId
from controller.services.ports import TelemetryRow

BOOTH = DeviceId("booth-sensor")
NOON_MS = 1_772_452_800_000


def message(number: int, at_ms: int) -> TelemetryRow:
    return TelemetryRow(BOOTH, f"7-{number}", at_ms, NOON_MS + number, {"co2": float(number)})


async def moments(store: TelemetryStore) -> list[int]:
    return [row.at_ns for row in await store.after(0, 1_000)]


async def test_messages_of_one_millisecond_have_moments_of_their_own_and_keep_them_over_a_restart(
    tmp_path: Path,
) -> None:
    async with await TelemetryStore.open(tmp_path / "t.db", deadline_s=30) as store:
        await store.append([message(1, NOON_MS), message(2, NOON_MS), message(3, NOON_MS + 1)])
        await store.append([message(4, NOON_MS)])
        told = await moments(store)
    async with await TelemetryStore.open(tmp_path / "t.db", deadline_s=30) as store:
        assert await moments(store) == told

    assert len(set(told)) == 4
    assert [at // 1_000_000 for at in told] == [NOON_MS, NOON_MS, NOON_MS + 1, NOON_MS]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
async def test_whatever_the_order_no_two_share_a_moment(tmp_path_factory, offsets: list[int]) -> None:
    folder = tmp_path_factory.mktemp("moments")
    async with await TelemetryStore.open(folder / "t.db", deadline_s=30) as store:
        await store.append([message(number, NOON_MS + off) for number, off in enumerate(offsets)])
        told = await moments(store)

    assert len(set(told)) == len(offsets)
