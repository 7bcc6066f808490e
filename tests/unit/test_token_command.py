"""`natoma token` as it is typed, on a data folder of real databases."""

import asyncio
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.app.stores import open_kept, open_registry
from controller.cli.token import token
from controller.domain.tokens import TokenScope
from controller.errors import InputError
from controller.services.tokens.secret import digest_of, is_whole
from controller.services.tokens.store import KeptToken
from controller.space import load

SPACE = """\
natoma: 1
id: small
name: Small
zone: America/Los_Angeles
floors: {ground: {size: [8, 5]}}
areas: {studio: {name: Studio, room: {kind: meeting, bookable: true}}}
doors:
  front: {from: outside, to: studio}
"""


class Folder:
    def __init__(self, folder: Path) -> None:
        self.data, self.file = folder / "data", folder / "space.yaml"
        self.file.write_text(SPACE)
        asyncio.run(self._make())

    async def _make(self) -> None:
        async with open_registry(self.data, load(self.file)):
            pass

    def typed(self, *words: str) -> Result:
        return CliRunner().invoke(token, [*words, "--data", str(self.data), "--space", str(self.file)])

    def kept(self) -> list[KeptToken]:
        async def read() -> list[KeptToken]:
            async with open_kept(self.data) as kept:
                return await kept.tokens.tokens()

        return asyncio.run(read())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_token_alone_is_on_standard_output(folder: Folder) -> None:
    made = folder.typed("create", "lobby screen", "--scope", "rooms:read", "--scope", "panel", "--room", "Studio")

    secret = made.stdout.removesuffix("\n")
    (kept,) = folder.kept()
    assert (made.exit_code, is_whole(secret), kept.digest) == (0, True, digest_of(secret))
    assert kept.token.scopes == {TokenScope.ROOMS_READ, TokenScope.PANEL}
    assert secret not in made.stderr
    assert "lobby screen: panel rooms:read, in Studio, until" in made.stderr


def test_a_file_for_the_token_is_new_and_its_owners_alone(folder: Folder, tmp_path: Path) -> None:
    out = tmp_path / "token.txt"

    first = folder.typed("create", "script", "--scope", "rooms:read", "--expires", "12h", "--out", str(out))
    again = folder.typed("create", "script", "--scope", "rooms:read", "--out", str(out))

    assert (first.stdout, is_whole(out.read_text().strip())) == ("", True)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert isinstance(again.exception, InputError)
    assert len(folder.kept()) == 1


def test_tokens_are_listed_until_they_are_revoked(folder: Folder) -> None:
    assert folder.typed("list").stdout == "No tokens.\n"
    folder.typed("create", "script", "--scope", "rooms:read")

    before = folder.typed("list").stdout
    revoked = folder.typed("revoke", "script").stdout
    after = folder.typed("list").stdout
    everything = folder.typed("list", "--all").stdout

    assert "script: rooms:read, until" in before
    assert before.rstrip().endswith("never used")
    assert "is revoked: within a second it opens nothing any more." in revoked
    assert (after, "revoked, never used" in everything) == ("No tokens.\n", True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--scope", "rooms"), "--scope: 'rooms' — did you mean rooms:read?"),
        ((), "--scope: what the token is good for, once for each: rooms:read, bookings:read"),
        (("--scope", "rooms:read", "--expires", "2y"), "--expires: '2y' is no span of time"),
        (("--scope", "rooms:read", "--expires", "400d"), "--expires: 400 days — at most 365 days"),
        (("--scope", "rooms:read", "--room", "attic"), "--room: Small has no room 'attic'"),
        (("--scope", "rooms:read", "--person", "eve"), "--person: nobody here is 'eve'"),
    ],
)
def test_what_is_not_right_is_named_and_no_token_is_made(folder: Folder, words: tuple[str, ...], said: str) -> None:
    refused = folder.typed("create", "script", *words)

    assert isinstance(refused.exception, InputError)
    assert said in str(refused.exception)
    assert (refused.stdout, folder.kept()) == ("", [])
