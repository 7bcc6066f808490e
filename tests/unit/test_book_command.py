"""`natoma book` as it is typed, on a data folder of real databases."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.adapters.sql.event_log import EventReader
from controller.app.stores import open_kept
from controller.cli.book import book
from controller.cli.ledger import ledger
from controller.cli.people import import_people
from controller.config import Settings
from controller.domain.booking.values import Waiting, WaitingState
from controller.domain.facts import Fact
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, PersonId, WaitingId
from controller.domain.membership import Right, Standing
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from controller.errors import InputError
from controller.space import load

SPACE = """\
natoma: 1
id: booked
name: Booked
zone: America/Los_Angeles
floors: {ground: {size: [20, 10]}}
areas:
  hall: {outline: [0, 0, 20, 4], room: {kind: open_space}}
  pine: {name: Pine, outline: [0, 4, 6, 6], room: {kind: meeting, bookable: true, buffer_minutes: 15}}
  oak: {name: Oak, outline: [6, 4, 6, 6], room: {kind: meeting, bookable: true, needs_approval: true}}
doors:
  front: {from: outside, to: hall}
  pine: {from: hall, to: pine}
  oak: {from: hall, to: oak}
plans:
  member: {where: hall, schedule: always}
"""
PEOPLE = """\
id,name,kind,plan,from
alice,Alice,member,member,2020-01-01
ben,Ben,member,member,2020-01-01
sara,Sara,staff,,
"""
COUNTS = "Where Natoma runs it counts within a second, otherwise when it next starts."


class House:
    """One data folder beside its space file. Each test has a day of its own."""

    def __init__(self, folder: Path) -> None:
        self.data, self.file = folder / "data", folder / "space.yaml"
        self.file.write_text(SPACE)
        people = folder / "people.csv"
        people.write_text(PEOPLE)
        space = load(self.file)
        asyncio.run(import_people(Settings(data=self.data, space=self.file), space, people))
        self._days = 1
        self.today = datetime.now(space.zone).date()

    def day(self, lasting: int = 1) -> str:
        """A day that is nobody else's; `lasting` so many, for a series."""
        self._days += 2
        first = self.today + timedelta(days=self._days)
        self._days += lasting - 1
        return first.isoformat()

    def types(self, *words: str) -> Result:
        return CliRunner().invoke(book, [*words, "--data", str(self.data), "--space", str(self.file)])

    def says(self, *words: str) -> list[str]:
        said = self.types(*words)
        assert said.exit_code == 0, said.exception or said.output
        return said.stdout.splitlines()

    def refuses(self, *words: str) -> str:
        said = self.types(*words)
        assert isinstance(said.exception, InputError), said.output or said.exception
        return str(said.exception)

    def told(self, *words: str) -> dict[str, object]:
        found: dict[str, object] = json.loads("\n".join(self.says(*words, "--json")))
        return found

    def books(self, day: str, start: str = "14:00", end: str = "15:00", room: str = "pine", who: str = "alice") -> str:
        return str(self.told(room, f"{day}T{start}", end, "--for", who)["id"])

    def newest(self, count: int = 1) -> list[Fact]:
        async def read() -> list[Fact]:
            reader = EventReader(self.data / "events.db")
            try:
                return [logged.fact for logged in await reader.latest(count)]
            finally:
                await reader.close()

        return asyncio.run(read())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("booked"))


def test_a_room_is_booked_by_its_name_and_the_booking_is_told_with_its_id(house):
    day = house.day()
    line, counts = house.says("Pine", f"{day}T14:00", "15:30", "--for", "Alice", "--with", "ben", "--title", "Board")
    assert line.split("  ", 1)[1].endswith("14:00 to 15:30, Alice with Ben “Board”: booked")
    assert line.startswith("b-")
    assert counts == COUNTS


def test_what_was_done_is_in_the_event_log_with_who_and_how_and_without_its_title(house):
    day = house.day()
    house.says("pine", f"{day}T14:00", "1h", "--for", "alice", "--title", "Secret", "--by", "sara")
    (fact,) = house.newest()
    assert (str(fact.kind), fact.person, fact.detail["by"], fact.detail["how"]) == (
        "booking_made",
        "alice",
        "sara",
        "command",
    )
    assert "Secret" not in repr(fact)


def test_a_taken_room_is_refused_with_when_it_is_free_and_no_name(house):
    day = house.day()
    house.books(day)
    said = house.refuses("pine", f"{day}T14:30", "15:30", "--for", "ben")
    assert said == "Pine is booked until 15:00; free from 15:15"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["attic", "14:00", "15:00", "--for", "alice"], "no room 'attic' — there is hall, oak, pine"),
        (["pin", "14:00", "15:00", "--for", "alice"], "did you mean pine"),
        (["pine", "soon", "15:00", "--for", "alice"], "START: 'soon' is no moment"),
        (["pine", "14:00", "15:00", "--for", "zoe"], "--for: nobody here is 'zoe'"),
        (["hall", "2030-01-01T14:00", "15:00", "--for", "sara"], "is not booked"),
        (["pine", "2020-01-01T14:00", "15:00", "--for", "alice"], "is over"),
        (["pine", "14:00", "15:00", "--for", "alice", "--days", "mon"], "--repeat: is missing"),
        (["cancel", "b-none", "--by", "alice"], "no booking 'b-none'"),
        (["list", "--all"], "say whose with --for"),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(house, words, why):
    assert why in house.refuses(*words)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--title", "x" * 121], "the title has 121 characters"),
        (["--title", "\x1b[2JBoard"], "U+001B"),
        (["--live"], "Pine has no on-air light"),
        (["--repeat", "daily", "--count", "2", "--until", "2030-01-01"], "--count: and --until both end a series"),
    ],
)
def test_the_command_is_held_to_what_the_pages_are(house, words, why):
    day = house.day()
    assert why in house.refuses("pine", f"{day}T14:00", "15:00", "--for", "alice", *words)
    assert house.says("list", "--day", day) == ["Nothing is booked."]


@pytest.mark.parametrize("minutes", ["-5", "0", "1441", "999999999999"])
def test_what_extends_nothing_or_for_ever_is_refused(house, minutes):
    said = house.types("extend", "b-none", "--minutes", minutes, "--by", "alice")
    assert said.exit_code == 2
    assert f"{minutes} is not in the range 1<=x<=1440" in " ".join(said.output.split())


def test_an_edit_that_says_two_things_changes_nothing(house):
    id = house.books(house.day())
    house.says("edit", id, "--with", "ben", "--by", "alice")
    assert "--nobody: and --with" in house.refuses("edit", id, "--with", "sara", "--nobody", "--by", "alice")
    for words in ([], ["--minutes", "5", "--until", "16:00"]):
        assert "one of the two" in house.refuses("extend", id, *words, "--by", "alice")
    assert house.told("show", id)["participants"] == ["ben"]


def test_a_booking_is_moved_edited_lengthened_and_cancelled(house):
    day = house.day()
    id = house.books(day)
    moved = house.told("move", id, f"{day}T16:00", "17:00", "--by", "alice")
    longer = house.told("extend", id, "--minutes", "30", "--by", "alice")
    edited = house.told("edit", id, "--with", "ben", "--title", "Plan", "--by", "sara")
    alone = house.told("edit", id, "--nobody", "--by", "alice")
    gone = house.told("cancel", id, "--by", "alice")
    assert moved["bookings"][0]["start"] < longer["end"]
    assert (edited["bookings"][0]["participants"], edited["bookings"][0]["title"]) == (["ben"], "Plan")
    assert (alone["bookings"][0]["participants"], alone["bookings"][0]["title"]) == ([], "Plan")
    assert gone["bookings"][0]["state"] == "cancelled"
    assert [str(fact.kind) for fact in house.newest(5)] == [*["booking_changed"] * 4, "booking_cancelled"]


def test_nobody_moves_somebody_else_s(house):
    day = house.day()
    id = house.books(day)
    assert house.refuses("move", id, f"{day}T16:00", "17:00", "--by", "ben") == (
        "it is somebody else's booking; ask staff"
    )


def test_a_series_lists_what_it_skipped(house):
    day = house.day(lasting=3)
    second = (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()
    house.books(second, "09:00", "10:00", who="ben")
    said = house.says("pine", f"{day}T09:00", "10:00", "--for", "alice", "--repeat", "daily", "--count", "3")
    assert "every day, 09:00-10:00, 3 times, 2 dates booked." in said[0]
    assert f"{second}: not booked, Pine is booked until" in said[3]
    series = house.told("pine", f"{day}T20:00", "21:00", "--for", "alice", "--repeat", "weekly", "--days", "mon,wed", "--count", "2")  # fmt: skip
    gone = house.told("cancel", series["bookings"][0]["id"], "--part", "all", "--by", "alice")
    assert len(gone["bookings"]) == len(series["bookings"])


def test_a_day_of_the_week_that_is_none_is_named(house):
    said = house.refuses("pine", "9:00", "10:00", "--for", "alice", "--repeat", "weekly", "--days", "mon,xyz")
    assert said == "--days: 'xyz' is no day of the week — write them like mon,tue,wed,thu,fri,sat,sun"


def test_staff_approve_and_decline_what_was_asked_for(house):
    day = house.day()
    one, two = house.books(day, room="oak"), house.books(day, "16:00", "17:00", room="oak")
    assert house.told("show", one)["state"] == "requested"
    assert "only staff" in house.refuses("approve", one, "--by", "ben")
    assert house.told("approve", one, "--by", "sara")["state"] == "booked"
    assert house.told("decline", two, "--by", "sara", "--reason", "painters")["state"] == "declined"
    assert house.newest()[0].detail["reason"] == "painters"


def test_what_runs_is_checked_in_and_ended(house):
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
    there = Booking(
        BookingId("b-runs"), AreaId("pine"), start, start + timedelta(hours=2), PersonId("ben"), made_at=start
    )

    async def put() -> None:
        async with open_kept(house.data) as kept:
            await kept.bookings.put_booking(there)

    asyncio.run(put())
    assert "not checked in" in house.says("show", "b-runs")[0]
    assert house.told("check-in", "b-runs", "--by", "ben")["checked_in_at"] is not None
    assert house.told("end", "b-runs", "--by", "ben")["booked_end"] is not None
    said = "\n".join(house.says("show", "b-runs"))
    assert "It was booked" in said
    assert "Checked in" in said


def test_free_and_list_tell_of_one_day(house):
    day = house.day()
    id = house.books(day)
    free = house.says("free", "pine", day)  # whatever else other tests have booked on that day
    assert [one.split()[-1] for one in free].count("13:45") == 1
    assert any(" 15:15 to " in one for one in free)
    assert id in [line.split()[0] for line in house.says("list", "--day", day)]
    assert id in [one["id"] for one in house.told("list", "--day", day, "--for", "alice", "--room", "pine")]
    assert house.says("list", "--day", day, "--for", "ben") == ["Nothing is booked."]
    house.says("cancel", id, "--by", "alice")
    states = {one["id"]: one["state"] for one in house.told("list", "--day", day, "--for", "alice", "--all")}
    assert states[id] == "cancelled"


def test_who_is_paused_is_flagged_in_the_list(house):
    day = house.day()
    house.books(day, who="ben")

    async def pause(standing: Standing) -> None:
        async with open_kept(house.data) as kept:
            await kept.registry.set_standing(PersonId("ben"), standing)

    asyncio.run(pause(Standing.PAUSED))
    (line,) = house.says("list", "--day", day)
    (plain,) = house.told("list", "--day", day)
    asyncio.run(pause(Standing.ACTIVE))
    assert "ITS OWNER IS PAUSED" in line
    assert plain["owner_is_paused"] is True


def test_who_is_banned_and_what_is_in_a_room_that_is_gone_is_flagged_in_the_list(house):
    day = house.day()
    id = house.books(day, who="ben")

    async def change(is_banned: bool, room: str) -> None:
        async with open_kept(house.data) as kept:
            await kept.registry.set_banned(PersonId("ben"), is_banned)
            await kept.bookings.change_booking(id, lambda one: replace(one, area=AreaId(room)))

    asyncio.run(change(True, "pine"))
    (banned,) = house.says("list", "--day", day)
    asyncio.run(change(False, "attic"))
    (gone,) = house.says("list", "--day", day)
    (plain,) = house.told("list", "--day", day)
    asyncio.run(change(False, "pine"))
    assert "ITS OWNER IS BANNED: it opens no door" in banned
    assert "ITS ROOM IS GONE: it opens no door" in gone
    assert (plain["owner_is_banned"], plain["room_is_gone"]) == (False, True)


def test_waiting_for_a_taken_time_is_listed_and_withdrawn(house):
    day = house.day()
    house.books(day)
    made = house.told("wait", "pine", f"{day}T14:00", "15:00", "--for", "ben")
    (line,) = house.says("list", "--waiting", "--room", "pine")
    assert line.startswith(str(made["id"]))
    assert line.endswith("Ben: waiting")
    assert "not offered now" in house.refuses("take", str(made["id"]), "--by", "ben")
    assert house.told("withdraw", str(made["id"]), "--by", "ben")["state"] == "withdrawn"
    assert house.says("list", "--waiting") == ["Nobody waits."]


def test_what_was_offered_is_taken_and_listed_among_what_somebody_had(house):
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    start = datetime.fromisoformat(f"{house.day()}T17:00Z")
    offered = Waiting(
        WaitingId("w-offered"),
        AreaId("pine"),
        start,
        start + timedelta(hours=1),
        PersonId("ben"),
        now,
        state=WaitingState.OFFERED,
        offered_until=now + timedelta(minutes=9),
    )

    async def put() -> None:
        async with open_kept(house.data) as kept:
            await kept.waiting.put_waiting(offered)

    asyncio.run(put())
    assert "Ben: offered until" in "\n".join(house.says("list", "--waiting", "--for", "ben"))
    assert house.told("take", "w-offered", "--by", "ben")["owner"] == "ben"
    assert [str(fact.kind) for fact in house.newest(2)] == ["booking_made", "waiting_won"]
    assert all(one["owner"] == "ben" for one in house.told("list", "--for", "ben", "--all"))


def test_minutes_are_exported_for_bills_and_given_back_by_their_booking(house):
    charge = Charge(ChargeKind.ROOM_MINUTES, PersonId("alice"), house.today, BookingId("b-billed"))

    at = datetime(2030, 1, 1, tzinfo=UTC)  # later than the refund, whenever this runs

    async def bill() -> None:
        async with open_kept(house.data) as kept:
            await kept.registry.set_rights(PersonId("sara"), {Right.FORGIVE})
            await kept.ledger.append([LedgerRow(LedgerEntry.USED, charge, at, 45, reason="used")])

    def says(*words: str) -> str:
        said = CliRunner().invoke(ledger, [*words, "--data", str(house.data), "--space", str(house.file)])
        assert said.exit_code == 0, said.exception
        return said.stdout

    asyncio.run(bill())
    back = says("refund", "alice", "--booking", "b-billed", "--by", "sara", "--reason", "no heating")
    today = house.today.isoformat()
    header, returned, used = says("export", "--from", today, "--until", today, "--kind", "room_minutes").splitlines()
    assert "45 min of booking b-billed back" in back
    assert header == "day,person,kind,entry,amount,subject,plan,at,by,reason"
    assert used == f"{today},alice,room_minutes,used,45,b-billed,,{at.isoformat()},,used"
    assert returned.startswith(f"{today},alice,room_minutes,refunded,-45,b-billed,")
    assert says("export", "--from", today, "--until", today, "--kind", "day_pass").splitlines() == [header]


def test_a_guest_s_token_is_the_only_line_on_standard_output(house):
    id = house.books(house.day())
    said = house.types("guest", id, "Gus Holm", "--by", "alice")
    (token,) = said.stdout.splitlines()
    assert len(token) >= 20
    assert "Gus Holm is a guest" in said.stderr
    assert token not in said.stderr
    assert "Gus Holm" in house.says("show", id)[0]


def test_a_guest_s_token_may_go_into_a_file_that_only_its_owner_reads(house, tmp_path):
    id = house.books(house.day())
    out = tmp_path / "token"
    assert house.types("guest", id, "Gus Holm", "--by", "alice", "--out", str(out)).stdout == ""
    assert out.stat().st_mode & 0o777 == 0o600
