"""Who is here, and who could help with something: only of people who chose to be known, and for what they chose.

Whoever did not opt in is in no answer and in no number of one. An answer says that somebody is in, never where or
since when: who follows the answers must not learn how people move about the house.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from controller.domain.ids import PersonId
from controller.domain.membership import Membership, Person, PersonKind

# What a page can show of somebody, and what somebody can be bothered to read.
MOST_SKILLS = 20
LONGEST_SKILL = 60
LONGEST_ABOUT = 300
# Who joins may take some weeks to come.
NEW_FOR = timedelta(days=30)


class Language(StrEnum):
    """What messages to people are written in."""

    ENGLISH = "en"
    FRENCH = "fr"


@dataclass(frozen=True, slots=True)
class Profile:
    """What somebody chose: how to be told things, and what others may know of them. Without one: nothing of it."""

    person: PersonId
    email: str = ""
    webhook: str = ""
    language: Language = Language.ENGLISH
    wants_notices: bool = True
    shares_presence: bool = False  # others may know that they are here
    can_be_asked: bool = False  # and ask them for help with their skills
    skills: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody who is in and wants others to know; skills only of who may be asked."""

    person: PersonId
    name: str
    skills: tuple[str, ...] = ()
    about: str = ""
    can_be_asked: bool = False


def who_is_here(
    profiles: Mapping[PersonId, Profile], people: Mapping[PersonId, Person], inside: Collection[PersonId]
) -> tuple[Here, ...]:
    """Everybody who is in and shares it, by name."""
    found = [
        Here(
            one.person,
            people[one.person].name,
            one.skills if one.can_be_asked else (),
            one.about,
            one.can_be_asked,
        )
        for one in profiles.values()
        if one.shares_presence and one.person in inside and _is_known(people.get(one.person))
    ]
    return tuple(sorted(found, key=lambda one: (_plain(one.name), one.person)))


def who_could_help(wanted: str, here: Iterable[Here]) -> tuple[Here, ...]:
    """Of those who are here and may be asked, whose skills or own words have what is wanted; the best match first.

    Accents, capitals and a plural make no difference. Each word that is wanted counts once; a skill says more than
    what somebody wrote about themselves, and the whole word more than its beginning.
    """
    words = _words(wanted)
    ranked = [(score, one) for one in here if one.can_be_asked and (score := _score(words, one)) > 0]
    return tuple(one for _, one in sorted(ranked, key=lambda pair: (-pair[0], _plain(pair[1].name), pair[1].person)))


def is_newcomer(person: Person, memberships: Iterable[Membership], today: date) -> bool:
    """Whether a first entry is somebody's first visit: not of staff, nor of who has held a membership for weeks.

    Those came before Natoma did, by another key.
    """
    if person.kind is PersonKind.STAFF:
        return False
    return all(today - held.starts <= NEW_FOR for held in memberships)


def _is_known(person: Person | None) -> bool:
    return person is not None and not person.banned


def _score(words: frozenset[str], one: Here) -> int:
    skills = frozenset(word for skill in one.skills for word in _words(skill))
    about = _words(one.about)
    return sum(max(3 * _match(word, skills), _match(word, about)) for word in words)


def _match(word: str, among: frozenset[str]) -> int:
    if word in among:
        return 2
    return 1 if len(word) > 2 and any(other.startswith(word) for other in among) else 0


# Words that everybody writes and nobody searches for.
_SMALL = frozenset(
    {
        "a",
        "an",
        "and",
        "at",
        "de",
        "des",
        "du",
        "et",
        "for",
        "help",
        "i",
        "in",
        "la",
        "le",
        "les",
        "me",
        "my",
        "of",
        "on",
    }
    | {"or", "some", "the", "to", "un", "une", "with"}
)


def _words(text: str) -> frozenset[str]:
    found = (_singular(word) for word in re.findall(r"[\w+#]+", _plain(text)))
    return frozenset(word for word in found if word not in _SMALL)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" and not word.endswith("ss") else word


def _plain(text: str) -> str:
    taken_apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in taken_apart if not unicodedata.combining(letter))
