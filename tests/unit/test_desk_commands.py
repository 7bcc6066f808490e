"""forgive, ledger, event, guest and visits as they are typed, on a data folder of real databases."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner, Result

from controller.adapters.sql.event_log import EventReader, SqlEventLog
from controller.app.stores import open_digests, open_events, open_kept, open_registry
from controller.cli.calendar import exception, holiday
from controller.cli.events import events
from controller.cli.forgive import forgive
from controller.cli.guest import guest
from controller.cli.ledger import ledger
from controller.cli.people import import_people
from controller.cli.publicevents import event
from controller.cli.visits import visits
from controller.config import Settings
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import CredentialId, PersonId
from controller.domain.membership import Right
from controller.errors import InputError
from controller.services.ports import RegistrySnapshot
from controller.space import load
from devices.errors import DevicesError
from devices.passes import is_pass
from tests.support.services import NOON

SPACE = """\
natoma: 1
id: {id}
name: {name}
zone: America/Los_Angeles
floors: {{ground: {{size: [8, 5]}}}}
areas: {{studio: {{room: open_space}}}}
doors:
  front: {{from: outside, to: studio}}
schedules:
  office: mon-fri 09:00-18:00
plans:
  member: {{where: studio, schedule: office, days_per_week: 2}}
"""
PEOPLE = "id,name,plan,from\nalice,Alice,member,2026-01-01\nhera,Hera,member,2026-01-01\n"
COUNTS = "Where Natoma runs it counts within a second, otherwise when it next starts."


class House:
    """One data folder beside its space file."""

    def __init__(self, folder: Path, id: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.data = folder / "data"
        self.file = folder / "space.yaml"
        self.file.write_text(SPACE.format(id=id, name=id.title()))
        people = folder / "people.csv"
        people.write_text(PEOPLE)
        settings = Settings(data=self.data, space=self.file)
        asyncio.run(import_people(settings, load(self.file), people))
        asyncio.run(self._gives_rights())

    async def _gives_rights(self) -> None:
        async with open_registry(self.data, load(self.file)) as registry:
            await registry.set_rights(PersonId("hera"), {Right.FORGIVE})
        async with await SqlEventLog.open(self.data / "events.db") as log:
            await log.append_all([Fact(FactKind.SERVICE_STARTED, NOON)])

    def partner(self, other: str, key: str) -> None:
        partners = f"partners:\n  {other}: {{name: {other.title()}, public_key: {key}, plan: member, days: 3}}\n"
        self.file.write_text(self.file.read_text() + partners)

    def types(self, command: Command, *words: str, stdin: str | None = None) -> Result:
        where = ["--data", str(self.data), "--space", str(self.file)]
        said = CliRunner().invoke(command, [*words, *where], input=stdin)
        if said.exception is not None and not isinstance(said.exception, (SystemExit, InputError, DevicesError)):
            raise said.exception
        return said

    def says(self, command: Command, *words: str, stdin: str | None = None) -> list[str]:
        said = self.types(command, *words, stdin=stdin)
        assert said.exit_code == 0, said.exception or said.output
        return said.stdout.splitlines()

    def refuses(self, command: Command, *words: str, stdin: str | None = None) -> str:
        said = self.types(command, *words, stdin=stdin)
        assert said.exception is not None
        return str(said.exception)

    @property
    def people(self) -> RegistrySnapshot:
        async def read() -> RegistrySnapshot:
            async with open_kept(self.data) as kept:
                return await kept.registry.load()

        return asyncio.run(read())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "parisoma", "parisoma")


def test_forgive_is_a_fact_in_the_log_with_who_and_why(house):
    said = house.says(forgive, "Alice", "--by", "hera", "--reason", "left with Bob")

    async def newest() -> Fact:
        reader = EventReader(house.data / "events.db")
        try:
            return (await reader.latest(1))[0].fact
        finally:
            await reader.close()

    fact = asyncio.run(newest())
    assert said == ["Where Alice is, is unknown now: either way once.", COUNTS]
    assert (fact.kind, fact.person, fact.detail) == (
        FactKind.WHEREABOUTS_FORGIVEN,
        "alice",
        {"by": "hera", "reason": "left with Bob"},
    )


def test_forgive_is_written_beside_a_running_service_without_disturbing_it(house):
    async def beside() -> list[FactKind]:
        async with await SqlEventLog.open(house.data / "events.db") as log:
            await log.append(Fact(FactKind.DOOR_OPENED, NOON))
            await asyncio.to_thread(house.says, forgive, "alice", "--by", "hera", "--reason", "left")
            await log.append(Fact(FactKind.DOOR_CLOSED, NOON))
            return [logged.fact.kind for logged in await log.latest(3)]

    assert asyncio.run(beside()) == [FactKind.DOOR_OPENED, FactKind.WHEREABOUTS_FORGIVEN, FactKind.DOOR_CLOSED]


def test_forgive_needs_the_right_to(house):
    assert "Alice may not forgive (right forgive) — ask Hera" in house.refuses(
        forgive, "hera", "--by", "alice", "--reason", "left"
    )


def test_exceptions_and_holidays_are_facts_in_the_log_with_who(house):
    async def give() -> None:
        async with open_kept(house.data) as kept:
            await kept.registry.set_rights(PersonId("hera"), {Right.OVERRIDE_DOORS})

    async def told() -> list[object]:
        async with open_events(house.data) as log:
            return [one.fact.detail["by"] for one in await log.latest() if one.fact.kind is FactKind.CALENDAR_CHANGED]

    asyncio.run(give())
    by = ("--by", "hera")
    house.says(holiday, "add", "2099-12-24", "Strike", *by)
    listed = house.says(holiday, "list")
    house.says(holiday, "remove", "2099-12-24", *by)
    span = ("--from", "2099-12-24T10:00", "--to", "2099-12-24T18:00")
    house.says(exception, "add", "front", "locked", *span, *by, "--reason", "a move")
    house.says(exception, "remove", "exception-1", *by)

    assert listed == ["Thu 2099-12-24  Strike, by Hera"]
    assert asyncio.run(told()) == ["Hera"] * 4


def test_the_ledger_at_the_desk(house):
    house.says(ledger, "buy-pass", "alice", "--count", "3", "--by", "hera", "--reason", "receipt 17")
    waived = house.says(ledger, "waive", "alice", "--by", "hera", "--reason", "open day")
    shown = house.says(ledger, "show", "alice")
    nothing = house.refuses(ledger, "refund", "alice", "--day", "2020-01-01", "--by", "hera", "--reason", "x")

    assert waived[1] == COUNTS
    assert re.search(r"bought      a day pass × 3 — Hera: receipt 17$", shown[0])
    assert re.search(r"waived      a day of the plan — Hera: open day$", shown[1])
    assert shown[-1] == "Day passes left: 3."
    assert "--day: 2020-01-01 — a day of the last five weeks" in nothing


EVENT = (
    *("add", "talk", "--name", "A talk", "--host", "hera", "--door", "front"),
    *("--from", "2099-11-28T19:00", "--to", "2099-11-28T21:00", "--capacity", "40"),
)


def test_an_event_and_its_tickets(house):
    (house.folder / "guests.csv").write_text("name,email\nAda,ada@example.org\nBea\n")
    tokens = house.folder / "tokens.csv"
    added = house.says(event, *EVENT)
    made = house.says(event, "tickets", "talk", str(house.folder / "guests.csv"), "--out", str(tokens))
    rows = [line.split(",") for line in tokens.read_text().splitlines()]

    assert added[0].endswith("for 40: begins when Hera has come in, from 2099-11-28 18:00 on.") or COUNTS in added
    assert made[0].startswith("2 tickets for ")
    assert made[1].startswith("Their tokens are in ")
    assert tokens.stat().st_mode & 0o777 == 0o600
    assert [row[:2] for row in rows] == [["name", "email"], ["Ada", "ada@example.org"], ["Bea", ""]]
    assert sorted(house.people.tickets) == sorted(row[2] for row in rows[1:])
    assert "talk  A talk" in house.says(event, "list")[0]
    assert "2 tickets, host Hera: waits for its host" in house.says(event, "list")[0]
    assert house.says(event, "void-ticket", rows[1][2])[0].endswith(" of Ada is void: it opens no door any more.")
    assert "1 ticket, host Hera: waits for its host" in house.says(event, "list")[0]


def test_no_token_is_left_of_tickets_that_were_not_made(house):
    (house.folder / "guests.csv").write_text("Ada\n")
    tokens = house.folder / "tokens.csv"
    refused = house.refuses(event, "tickets", "walk", str(house.folder / "guests.csv"), "--out", str(tokens))

    assert (refused, tokens.exists()) == ("no event 'walk' — there is none", False)


def test_events_import_makes_a_folder_of_codes_that_only_its_owner_may_read(house):
    (house.folder / "guests.csv").write_text("name,email,count\nAda <b>,ada@example.org,2\n")
    out = house.folder / "tickets"
    house.says(event, *EVENT)
    said = house.says(events, "import", str(house.folder / "guests.csv"), "--event", "talk", "--out", str(out))
    tickets = sorted(house.people.tickets)

    assert said[0].startswith("2 tickets for A talk, ")
    assert sorted(path.name for path in out.iterdir()) == sorted(
        [*(f"{ticket}{kind}" for ticket in tickets for kind in (".png", ".svg")), "tickets.csv", "tickets.html"]
    )
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}
    assert out.stat().st_mode & 0o777 == 0o700
    assert [row.split(",")[2] for row in (out / "tickets.csv").read_text().splitlines()[1:]] != []
    assert "Ada &lt;b&gt;" in (out / "tickets.html").read_text()
    again = house.refuses(events, "import", str(house.folder / "guests.csv"), "--event", "talk", "--out", str(out))
    assert "is there already and has files in it" in again


def test_one_ticket_is_made_by_name(house):
    out = house.folder / "ticket"
    house.says(event, *EVENT)
    said = house.says(event, "ticket", "talk", "--name", "Ada", "--out", str(out))

    assert said[0].startswith("1 ticket for A talk, ")
    assert [ticket.name for ticket in house.people.tickets.values()] == ["Ada"]
    assert len(list(out.glob("*.svg"))) == 1


def test_an_import_that_fails_leaves_no_ticket_and_no_folder(house):
    (house.folder / "guests.csv").write_text("name\nAda\n=1\n")
    out = house.folder / "tickets"
    house.says(event, *EVENT)
    refused = house.refuses(events, "import", str(house.folder / "guests.csv"), "--event", "talk", "--out", str(out))
    missing = house.refuses(events, "import", "nowhere.csv", "--event", "talk", "--out", str(out))

    assert "guests.csv:3: name: '=1' — begins with '='" in refused
    nowhere = house.refuses(event, "ticket", "talk", "--name", "Ada", "--out", str(house.file / "tickets"))

    assert "cannot be made (Not a directory) — name a new folder" in nowhere
    assert missing == "nowhere.csv: cannot be read (No such file or directory) — name a CSV file of names"
    assert (house.people.tickets, out.exists()) == ({}, False)


def test_tokens_never_overwrite_a_file(house):
    (house.folder / "guests.csv").write_text("Ada\n")
    house.says(event, *EVENT)
    refused = house.refuses(event, "tickets", "talk", str(house.folder / "guests.csv"), "--out", str(house.file))

    assert "is there already — name a new file" in refused
    assert house.people.tickets == {}


INVITE = ("invite", "Gus Holm", "--host", "alice", "--from", "2099-11-23T09:00")


def test_a_guest_is_invited_listed_and_taken_back(house):
    invited = house.types(guest, *INVITE, "--for", "4h")
    (token,) = invited.stdout.splitlines()
    people = house.people
    (one,) = people.guest_passes
    listed = house.says(guest, "list")
    revoked = house.says(guest, "revoke", one.id)

    assert len(token) == 20
    assert f"Gus Holm ({one.id}) is a guest of Alice from" in invited.stderr
    assert COUNTS in invited.stderr
    assert token not in invited.stderr
    assert (one.end - one.start).total_seconds() == 4 * 3600
    assert people.digests[open_digests(house.data).of_token(token)] == f"{one.id}-token"
    assert CredentialId(f"{one.id}-token") in people.list_digests
    assert token.encode() not in b"".join(file.read_bytes() for file in house.data.glob("natoma.db*"))
    assert listed[0].endswith("QR code: to come")
    assert revoked == ["Gus Holm is no guest of Alice any more; leaving is never denied.", COUNTS]
    assert house.says(guest, "list") == ["Nobody is invited."]


def test_a_guests_token_goes_into_a_file_that_only_its_owner_may_read(house):
    out = house.folder / "gus.txt"
    said = house.types(guest, *INVITE, "--until", "2099-11-23T18:00", "--out", str(out))
    again = house.refuses(guest, *INVITE, "--for", "4h", "--out", str(out))
    house.refuses(guest, "invite", "Gus", "--host", "alyce", "--for", "4h", "--out", str(house.folder / "none.txt"))

    assert (said.stdout, out.stat().st_mode & 0o777, len(out.read_text().strip())) == ("", 0o600, 20)
    assert "is there already" in again
    assert not (house.folder / "none.txt").exists()
    assert len(house.people.guest_passes) == 1


def test_a_badge_is_lent_unseen_in_any_spelling_an_import_reads(house):
    said = house.says(guest, *INVITE, "--for", "4h", "--badge", "-", stdin="04:a2:24-5bc19180\n")
    (credential,) = [one for one in house.people.credentials.values() if one.person.startswith("gus-holm")]

    assert said[0].startswith("Gus Holm (guest-")
    assert all("5BC191" not in line.upper() for line in said)
    assert (credential.kind, credential.last_two) == ("badge", "80")
    assert "badge …80: to come" in house.says(guest, "list")[0]


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (("--for", "4h", "--badge", "04A2245BC19180"), None, "write --badge - and type it unseen"),
        (("--for", "4h", "--badge", "-"), "\n", "--badge: no number came in"),
        (("--for", "4h", "--badge", "-", "--qr"), "x\n", "is lent instead of a token"),
        (("--for", "4h", "--badge-format", "wiegand26"), None, "say --badge - as well"),
        ((), None, "needs --until or --for"),
        (("--for", "4h", "--until", "2099-11-23T18:00"), None, "needs --until or --for"),
        (("--until", "2099-11-23T08:00"), None, "--until: Mon 23 Nov 2099 08:00 is not after it begins"),
        (("--for", "31d"), None, "30 days at most"),
        (("--for", "ever"), None, "--for: 'ever' is no span of time"),
    ],
)
def test_an_invitation_that_makes_no_sense_changes_nothing(house, words, stdin, said):
    assert said in house.refuses(guest, *INVITE, *words, stdin=stdin)
    assert house.people.guest_passes == ()


@pytest.fixture
def houses(house: House, tmp_path: Path) -> tuple[House, House]:
    """Two spaces; what Trudaine signs, Parisoma honours."""
    trudaine = House(tmp_path / "trudaine", "trudaine")
    house.partner("trudaine", trudaine.says(visits, "key")[0])
    return trudaine, house


def test_a_pass_from_one_house_to_the_other_and_back_by_a_file(houses):
    trudaine, parisoma = houses
    (token,) = trudaine.says(visits, "issue", "alice")[:1]
    expected = parisoma.says(visits, "expect", "-", stdin=token + "\n")
    trudaine.says(visits, "revoke", "alice", "--reason", "left")
    (listed,) = trudaine.says(visits, "revocations", "export")
    (parisoma.folder / "revoked.txt").write_text(listed)
    imported = parisoma.says(visits, "revocations", "import", str(parisoma.folder / "revoked.txt"))

    assert is_pass(token)
    assert expected[0].startswith("Alice (Trudaine) is expected, until ")
    people = parisoma.people
    (visit,) = people.visits
    # The pass itself says nothing of days: those the partners agreed on are counted at the door.
    assert (visit.person, visit.days, visit.is_revoked) == ("trudaine/alice", None, True)
    assert CredentialId(f"visit-{visit.id}") in people.list_digests
    assert imported[0] == "trudaine: 2 revocations are new."
    assert "was revoked — ask for a new one there" in parisoma.refuses(visits, "expect", "-", stdin=token)


def test_a_pass_from_an_unknown_key_names_the_issuer(houses):
    trudaine, parisoma = houses
    (token,) = parisoma.says(visits, "issue", "alice")[:1]
    refused = trudaine.refuses(visits, "expect", "-", stdin=token)

    assert refused.startswith("it is signed as 'parisoma', and space.yaml has no key of that partner")
    assert replace(trudaine.people, version=0).visits == ()


def test_a_list_that_is_none_changes_nothing(houses):
    _, parisoma = houses
    (parisoma.folder / "no-list").write_text("hello")

    refused = parisoma.refuses(visits, "revocations", "import", str(parisoma.folder / "no-list"))

    assert refused == "this is no list of `natoma visits revocations export`"
    assert parisoma.people.revoked_passes == frozenset()


def test_the_private_key_is_the_owners_alone(houses):
    trudaine, _ = houses

    assert (trudaine.data / "secrets" / "visits.key").stat().st_mode & 0o777 == 0o600
    assert trudaine.says(visits, "key")[0] == trudaine.says(visits, "key")[0]
