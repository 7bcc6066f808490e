"""Which team a name means: two names that people tell apart are two teams, for a team may lease an office.

What the team holds is the registry's.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from controller.domain.ids import TeamId
from controller.domain.membership import Team
from controller.errors import InputError


def team_id(name: str) -> TeamId:
    """A team's id from its name: "Atelier Nord" and "atelier  nord" are one team, "D++" and "D#" are two."""
    meant = _meant(name)
    words = re.findall(r"\w+", meant)
    if not words:
        raise InputError(f"team {name!r}: a team's name has a letter or a digit in it")
    slug = "-".join(words)
    # Where the slug tells all of the name it is the id: nothing was dropped that another name may have instead.
    return TeamId(slug) if " ".join(words) == meant else TeamId(f"{slug}.{_digest(meant)}")


def team_of(told: str, known: Mapping[TeamId, Team]) -> TeamId:
    """The team of this id or name, or the one that the name makes."""
    if told in known:
        return TeamId(told)
    named = [id_ for id_, team in known.items() if _meant(team.name) == _meant(told)]
    if len(named) == 1:
        return named[0]
    made = team_id(told)
    # An id that was made of another name before names were told apart is not this team's.
    if not named and made in known and _meant(known[made].name) != _meant(made):
        return TeamId(f"{made}.{_digest(_meant(told))}")
    return made


def _meant(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name.casefold()).split())


def _digest(meant: str) -> str:
    return hashlib.sha256(meant.encode()).hexdigest()[:10]
