"""Who may do what to the house: trigger a lockdown, lift one, set a door by hand, confirm that a fire is over.

A right is held by a person and by nothing else: being staff gives none of them.
"""

from collections.abc import Iterable

from controller.domain.membership import Person, PersonKind, Right


def may(person: Person, right: Right) -> bool:
    """Whether this person may; a ban takes every right away."""
    return right in person.rights and not person.banned


def may_answer(person: Person) -> bool:
    """Whether an alarm is this person's to see to: staff, or trusted with any right; a ban takes that away, too."""
    return (person.kind is PersonKind.STAFF or bool(person.rights)) and not person.banned


def who_may(people: Iterable[Person], right: Right) -> tuple[Person, ...]:
    """Everybody who may, by name: whom to ask instead."""
    return tuple(sorted((person for person in people if may(person, right)), key=lambda person: person.name))
