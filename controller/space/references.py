"""Names in the file that point at other things in it: found, or told with the closest that exists."""

from collections.abc import Collection
from dataclasses import dataclass

from controller.space.errors import SECTIONS, Path, Problems, did_you_mean
from controller.space.file import SpaceFile


@dataclass(frozen=True, slots=True)
class References:
    """What may be referred to. Entries left out as faulty count as known: their own fault is told already."""

    file: SpaceFile
    left_out: frozenset[Path]
    problems: Problems

    def knows(self, section: str, name: str) -> bool:
        known: Collection[str] = getattr(self.file, section)
        return name in known or (section, name) in self.left_out or (section,) in self.left_out

    def found(self, section: str, name: str, path: Path, *, also: Collection[str] = ()) -> bool:
        """Whether the name can be used; tells why not, unless that has been told where the thing itself stands."""
        known: Collection[str] = getattr(self.file, section)
        if name in known or name in also:
            return True
        if not self.knows(section, name):
            thing = SECTIONS[section]
            names = [*known, *(str(path[1]) for path in self.left_out if path[0] == section and len(path) > 1), *also]
            listed = f"write one of {', '.join(names)}" if 0 < len(names) <= 8 else f"declare it under '{section}:'"
            article = "an" if thing[0] in "aeiou" else "a"
            self.problems.error(path, name, f"is not {article} {thing} of this file", did_you_mean(name, names, listed))
        return False
