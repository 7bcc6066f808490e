"""Every word of the history pages; another language is another table."""

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "lang": "en",
    "product": "Natoma",
    "skip": "Skip to the values",
    "history": "History",
    "now": "Now",
    "rooms": "Rooms and what is measured in them",
    "elsewhere": "In no room",
    "none": "Nothing has been measured yet. The first reading of any sensor appears here.",
    "channel": "Measured",
    "value": "Newest",
    "age": "Age",
    "device": "Device",
    "span": "How far back",
    "hour": "Hour",
    "day": "Day",
    "week": "Week",
    "month": "Month",
    "year": "Year",
    "earlier": "Earlier",
    "later": "Later",
    "empty": "Nothing was measured in this time.",
    "newest": "Newest value",
    "mean": "Mean",
    "low": "Lowest",
    "high": "Highest",
    "count": "Readings",
    "from": "From",
    "at": "At",
    "table": "The same as a table",
    "band": "The line is the mean of {step}; the band reaches from the lowest reading to the highest. Where it breaks off, nothing came.",
    "switch_band": "How much of {step} it was on. Where the line breaks off, nothing came.",
    "times": "Times are those of {place} ({zone}).",
    "back": "Every room and what is measured in it",
    "not_asked": "This cannot be asked",
    "not_there": "There is no such thing",
    "not_now": "Not now",
    "unreadable": "What was measured cannot be read now. Try again in a minute.",
    "older_away": "The database with the older readings does not answer now. What was measured since {since} is kept here: a span that begins then or later can be shown.",
    "newest_texts": "The newest {count} of this time.",
}

STEPS: Mapping[str, str] = {
    "hour": "a minute",
    "day": "five minutes",
    "week": "an hour",
    "month": "three hours",
    "year": "a day",
}
"""Of what each point of a chart is the mean, by how far back it reaches."""

CLASSES: Mapping[str, str] = {
    "co2": "CO₂",
    "carbon_dioxide": "CO₂",
    "carbon_monoxide": "CO",
    "pm1": "PM1",
    "pm25": "PM2.5",
    "pm10": "PM10",
    "aqi": "Air quality index",
    "sound_pressure": "Noise",
    "illuminance": "Light",
}
"""What people call a class, where it is not the class's own name in plain words."""


_SAYS_LITTLE = frozenset({"", "count", "duration"})  # of what, the channel tells


def class_said(device_class: str, channel: str) -> str:
    """What is measured: the class in words, or the channel's own name where that tells more."""
    name = device_class if device_class not in _SAYS_LITTLE else channel
    return CLASSES.get(name) or name.replace("_", " ")[:1].upper() + name.replace("_", " ")[1:]


def age_said(seconds: float) -> str:
    """How long ago, as people say it."""
    if seconds < 10:
        return "now"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if seconds >= length * (2 if unit == "d" else 1):
            return f"{seconds / length:.0f} {unit} ago"
    return "now"


def number_said(value: float) -> str:
    """As many digits as help."""
    size = abs(value)
    if size and (size >= 1e9 or size < 1e-3):
        return written_short(value)
    places = 0 if size >= 1000 else 1 if size >= 100 else 2
    text = f"{value:,.{places}f}" if size >= 1 else f"{value:.3g}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def written_short(value: float, digits: int = 3) -> str:
    """So many digits and an exponent: `1.68e308`, as narrow as such a number is."""
    number, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{number}e{int(exponent)}".replace("-", "−")


def unit_said(unit: str) -> str:
    """The unit as it is written after a number; things that are counted have none."""
    return "" if unit in ("", "count") else f" {unit}"
