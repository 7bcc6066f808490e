"""Profiles: where they are kept, what may stand in one, and the newest of them in memory.

A profile is nobody's right to enter, so it has a version of its own; `ProfileBook` follows it as the access index
follows rights, and somebody who opts out is gone from every answer within a second.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from controller.domain.community import LONGEST_ABOUT, LONGEST_SKILL, MOST_SKILLS, Language, Profile
from controller.domain.ids import PersonId
from controller.errors import InputError
from controller.services.lookouts import look_again_and_again

logger = logging.getLogger(__name__)

FOLLOW_EVERY = 0.2
# What no mail server refuses out of hand, and no header can be broken with.
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,255}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ProfileStore(Protocol):
    """Profiles and first entries; each writer is one transaction. `version` rises with every change of a profile."""

    async def version(self) -> int: ...
    async def profiles(self) -> dict[PersonId, Profile]: ...
    async def put_profile(self, profile: Profile) -> int: ...  # made, or replaced; InputError for nobody of this id
    async def forget_profile(self, person: PersonId) -> int: ...  # no profile: no new version
    # Whether nobody had noted an entry of theirs before; the first one stays. Nobody of this id: False, and none kept.
    async def note_first_entry(self, person: PersonId, at: datetime) -> bool: ...
    async def first_entries(self) -> dict[PersonId, datetime]: ...


class ProfileBook:
    """Every profile, as of a moment ago."""

    def __init__(self, store: ProfileStore) -> None:
        self._store = store
        self._version: int | None = None
        self._profiles: Mapping[PersonId, Profile] = {}

    @property
    def profiles(self) -> Mapping[PersonId, Profile]:
        return self._profiles

    def of(self, person: PersonId) -> Profile | None:
        return self._profiles.get(person)

    async def refresh(self) -> None:
        """Bring what is in memory to the store's newest version."""
        version = await self._store.version()
        if version != self._version:
            self._profiles = await self._store.profiles()
            self._version = version

    async def run(self) -> None:
        """Follow the store for ever."""
        await look_again_and_again(self.refresh, every=FOLLOW_EVERY, failing="profiles are as they were", logger=logger)


def edited(
    before: Profile,
    *,
    email: str | None = None,
    webhook: str | None = None,
    language: str | None = None,
    wants_notices: bool | None = None,
    shares_presence: bool | None = None,
    can_be_asked: bool | None = None,
    skills: tuple[str, ...] | None = None,
    about: str | None = None,
) -> Profile:
    """The profile as it will be; None leaves a thing as it is, and an empty text takes it away.

    Raises:
        InputError: a value that cannot be, in words for whoever typed it.
    """
    return replace(
        before,
        email=before.email if email is None else _email(email),
        webhook=before.webhook if webhook is None else _webhook(webhook),
        language=before.language if language is None else _language(language),
        wants_notices=_kept(before.wants_notices, wants_notices),
        shares_presence=_kept(before.shares_presence, shares_presence),
        can_be_asked=_kept(before.can_be_asked, can_be_asked),
        skills=before.skills if skills is None else _skills(skills),
        about=before.about if about is None else _text("about", about, LONGEST_ABOUT),
    )


def _kept(before: bool, wanted: bool | None) -> bool:
    return before if wanted is None else wanted


def _email(written: str) -> str:
    text = written.strip()
    if text and not _ADDRESS.fullmatch(text):
        raise InputError(f"email {text!r} is no address — write one such as ada@example.org, or nothing for none")
    return text


def _webhook(written: str) -> str:
    text = written.strip()
    if text and not re.fullmatch(r"https?://[^\s]{1,1000}", text):
        # What was typed may hold a secret, so it is not shown again.
        raise InputError("webhook: that is no address a message can be sent to — write one that begins with https://")
    return text


def _language(written: str) -> Language:
    try:
        return Language(written.strip().lower())
    except ValueError:
        known = ", ".join(Language)
        raise InputError(f"language {written!r} is none that messages are written in — write one of {known}") from None


def _skills(written: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for one in written:
        text = _text("skill", one, LONGEST_SKILL)
        if text:
            found.setdefault(text.casefold(), text)
    if len(found) > MOST_SKILLS:
        raise InputError(f"{len(found)} skills are more than anybody reads — name at most {MOST_SKILLS}")
    return tuple(found.values())


def _text(what: str, written: str, longest: int) -> str:
    text = " ".join(_CONTROL.sub(" ", written).split())
    if len(text) > longest:
        raise InputError(f"{what} has {len(text)} characters — {longest} at most")
    return text
