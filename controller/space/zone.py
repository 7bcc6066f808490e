"""Time zones by their IANA names, and what somebody meant who wrote another."""

from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones


class ZoneError(ValueError):
    """No zone of that name; `fix` says which could be meant."""

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(f"{why} — {fix}")
        self.why = why
        self.fix = fix


def find_zone(name: str) -> ZoneInfo:
    """The zone of that name. Abbreviations are refused: EST, for one, is a zone without summer time."""
    if "/" in name or name == "UTC":
        try:
            return ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            pass
    raise ZoneError("is no time zone", _meant(name))


def _meant(name: str) -> str:
    zones = sorted(available_timezones())
    cities = {zone.rpartition("/")[2].lower(): zone for zone in zones if "/" in zone and not zone.startswith("Etc/")}
    wanted = name.strip().replace(" ", "_").lower()
    by_name = {zone.lower(): zone for zone in zones}
    close = [by_name[found] for found in get_close_matches(wanted, by_name, n=1, cutoff=0.75)]
    close += [cities[found] for found in get_close_matches(wanted.rpartition("/")[2], cities, n=1, cutoff=0.75)]
    if not close:
        return "write an IANA name such as Europe/Paris or America/Los_Angeles"
    return "did you mean " + " or ".join(repr(zone) for zone in dict.fromkeys(close)) + "?"
