"""What people ask of tokens by command: make one, list them, revoke one.

A secret is told once, to whoever made it, and kept as a digest alone.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches

from controller.domain.building import Space
from controller.domain.ids import AreaId, PersonId, TokenId
from controller.domain.membership import Person, PersonKind
from controller.domain.tokens import LONGEST_LIFE, OF_THE_HOUSE, USUAL_LIFE, Token, TokenScope, TokenState, state_of
from controller.errors import InputError
from controller.services.desk.house_desk import person_of
from controller.services.screens.wording import moment
from controller.services.tokens.secret import digest_of, new_secret
from controller.services.tokens.store import TokenStore

NAME_LIMIT = 60
_NEEDS_SOMEBODY = (TokenScope.BOOKINGS_WRITE, TokenScope.BOOTH_WRITE)


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token, and the one time its secret is told."""

    token: Token
    said: str
    secret: str = field(repr=False)


class TokenDesk:
    """One command's view of the tokens."""

    def __init__(self, store: TokenStore, space: Space, people: Mapping[PersonId, Person], now: datetime) -> None:
        self._store = store
        self._space = space
        self._people = people
        self._now = now

    async def create(
        self,
        name: str,
        scopes: Sequence[str],
        *,
        room: str | None = None,
        person: str | None = None,
        life: timedelta = USUAL_LIFE,
        by: str = "",
    ) -> MadeToken:
        name = " ".join(name.split())
        if not 0 < len(name) <= NAME_LIMIT or not name.isprintable():
            raise InputError(f"NAME: {name[:20]!r} — 1 to {NAME_LIMIT} characters that say which program it is for")
        if not timedelta() < life <= LONGEST_LIFE:
            raise InputError(f"--expires: {_days(life)} — at most {LONGEST_LIFE.days} days, and more than none")
        given = scopes_of(scopes)
        acts_as = person_of(person, self._people, "--person") if person is not None else None
        area = room_of(room, self._space, "--room") if room is not None else None
        _check(given, area, acts_as)
        secret = new_secret()
        token = Token(
            TokenId(f"token-{secrets.token_hex(4)}"),
            name,
            given,
            self._now,
            self._now + life,
            area,
            acts_as.id if acts_as is not None else None,
            by,
        )
        await self._store.put_token(token, digest_of(secret))
        return MadeToken(token, f"{token.id}  {self._line(token)}", secret)

    async def listed(self, *, all_: bool = False) -> list[str]:
        """Those that are good now, the first made first; with `all_` those that are over as well."""
        kept = [one.token for one in await self._store.tokens()]
        return [f"{one.id}  {self._line(one)}" for one in kept if all_ or state_of(one, self._now) is TokenState.ACTIVE]

    async def revoke(self, which: str) -> str:
        """By its id, or by its name where one alone has it."""
        kept = [one.token for one in await self._store.tokens()]
        token = _one_of(which, [one for one in kept if one.revoked_at is None], kept)
        await self._store.revoke_token(token.id, self._now)
        return f"The token {token.name} ({token.id}) is revoked: within a second it opens nothing any more."

    def _line(self, token: Token) -> str:
        where = [f"in {self._room(token.area)}"] if token.area is not None else []
        whose = [f"as {self._person(token.person)}"] if token.person is not None else []
        used = f"last used {self._when(token.used_at)}" if token.used_at is not None else "never used"
        state = state_of(token, self._now)
        end = f"until {self._when(token.expires_at)}" if state is TokenState.ACTIVE else str(state)
        return ", ".join([f"{token.name}: {' '.join(sorted(token.scopes))}", *where, *whose, end, used])

    def _room(self, area: AreaId) -> str:
        known = self._space.areas.get(area)
        return known.name if known is not None else f"{area}, which is no room any more"

    def _person(self, id: PersonId) -> str:
        known = self._people.get(id)
        return known.name if known is not None else id

    def _when(self, at: datetime) -> str:
        return moment(at.isoformat(), self._space.zone, self._now)


def scopes_of(words: Iterable[str]) -> frozenset[TokenScope]:
    """As typed; InputError names the word nobody knows."""
    known = [str(one) for one in TokenScope]
    given = set()
    for word in words:
        if word not in known:
            close = get_close_matches(word, known, 1, 0.5)
            raise InputError(f"--scope: {word!r} — " + (f"did you mean {close[0]}?" if close else ", ".join(known)))
        given.add(TokenScope(word))
    if not given:
        raise InputError(f"--scope: what the token is good for, once for each: {', '.join(known)}")
    return frozenset(given)


def room_of(text: str, space: Space, said: str) -> AreaId:
    """A room by its id or name."""
    rooms = {area.id: area.name for area in space.areas.values() if area.room is not None}
    for id, name in rooms.items():
        if text.casefold() in (id.casefold(), name.casefold()):
            return id
    close = get_close_matches(text, [*rooms, *rooms.values()], 1, 0.5)
    hint = f"did you mean {close[0]}?" if close else f"there is {', '.join(rooms) or 'none'}"
    raise InputError(f"{said}: {space.name} has no room {text!r} — {hint}")


def _check(scopes: frozenset[TokenScope], area: AreaId | None, person: Person | None) -> None:
    if area is not None and (wide := sorted(scopes & OF_THE_HOUSE)):
        raise InputError(f"--room: {wide[0]} is about the whole house — leave --room or that scope away")
    if area is None and TokenScope.PANEL in scopes:
        raise InputError("--scope: panel is for the screen of one room — say which with --room")
    if person is None:
        for scope in _NEEDS_SOMEBODY:
            if scope in scopes:
                raise InputError(f"--scope: {scope} acts as somebody — say as whom with --person")
    if TokenScope.PEOPLE_READ in scopes and (person is None or person.kind is not PersonKind.STAFF):
        raise InputError("--scope: people:read shows everybody's name — it is for staff: name one with --person")


def _one_of(which: str, live: list[Token], everything: list[Token]) -> Token:
    by_id = [one for one in everything if one.id == which]
    if by_id:
        if by_id[0] not in live:
            raise InputError(f"the token {by_id[0].name} ({which}) is revoked already")
        return by_id[0]
    named = [one for one in live if one.name.casefold() == which.casefold()]
    if len(named) == 1:
        return named[0]
    if named:
        raise InputError(f"{len(named)} tokens are called {which!r} — give one's id: {', '.join(t.id for t in named)}")
    close = get_close_matches(which, [name for one in live for name in (one.id, one.name)], 1, 0.5)
    raise InputError(
        f"no token {which!r} — " + (f"did you mean {close[0]}?" if close else "`natoma token list` shows them")
    )


def _days(life: timedelta) -> str:
    return f"{life.days} days" if life >= timedelta(days=1) else str(life)
