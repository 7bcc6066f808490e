"""Who is here and who could help, asked of the running house or of what it wrote down.

What may be told of whom is `domain.community`'s; everything that answers such a question passes here.
"""

from collections.abc import Callable, Collection, Mapping

from controller.domain.community import Here, Profile, who_could_help, who_is_here
from controller.domain.ids import PersonId
from controller.domain.membership import Person
from controller.errors import InputError

LONGEST_QUESTION = 200


class Community:
    """Over whatever knows profiles, people and who is inside."""

    def __init__(
        self,
        profiles: Callable[[], Mapping[PersonId, Profile]],
        people: Callable[[], Mapping[PersonId, Person]],
        inside: Callable[[], Collection[PersonId]],
    ) -> None:
        self._profiles = profiles
        self._people = people
        self._inside = inside

    def here(self) -> tuple[Here, ...]:
        """Everybody who is in and shares it, by name."""
        return who_is_here(self._profiles(), self._people(), self._inside())

    def helpers(self, wanted: str) -> tuple[Here, ...]:
        """Of those who are here and may be asked, who could help with something; the best match first.

        Raises:
            InputError: nothing is asked for, or more than anybody would type.
        """
        text = " ".join(wanted.split())
        if not text:
            raise InputError("nothing to look for — name what you need help with, such as 'solder'")
        if len(text) > LONGEST_QUESTION:
            raise InputError(f"{len(text)} characters to look for — {LONGEST_QUESTION} at most: name one thing")
        return who_could_help(text, self.here())
