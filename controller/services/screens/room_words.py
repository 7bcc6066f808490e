"""What changed about a room, in a sentence and a tone. What is worth telling is `domain.rooms.changes`'s."""

from controller.domain.facts import Fact

_WORDS: dict[tuple[str, str], tuple[str, str]] = {
    # (what of it, what it is now): the sentence, its tone
    ("status", "free"): ("{area} is free", "note"),
    ("status", "booked"): ("{area} is booked", "note"),
    ("status", "in_use"): ("{area} is in use", "note"),
    ("status", "on_air"): ("{area} is on air", "note"),
    ("status", "unavailable"): ("{area} cannot be used", "bad"),
    ("air", "good"): ("The air in {area} is good again", "good"),
    ("air", "stuffy"): ("{area} is not well ventilated", "bad"),
    ("air", "bad"): ("The air in {area} is bad: open a window", "bad"),
    ("quiet", "quiet"): ("{area} is quiet again", "good"),
    ("quiet", "loud"): ("{area} is too loud", "bad"),
    ("comfort", "good"): ("{area} is comfortable again", "good"),
    ("comfort", "cold"): ("{area} is cold", "note"),
    ("comfort", "warm"): ("{area} is warm", "note"),
    ("comfort", "dry"): ("The air in {area} is dry", "note"),
    ("comfort", "humid"): ("The air in {area} is humid", "note"),
    ("wifi", "good"): ("The wifi in {area} is good again", "good"),
    ("wifi", "fair"): ("The wifi in {area} is slow", "note"),
    ("wifi", "poor"): ("The wifi in {area} is poor: calls break up", "bad"),
    ("sensors", "silent"): ("The sensors of {area} are silent", "bad"),
    ("sensors", "heard"): ("The sensors of {area} are heard again", "good"),
}


def room_sentence(fact: Fact, area: str) -> tuple[str, str]:
    """The sentence, and its tone; of what another version wrote, its own words."""
    of, now = str(fact.detail.get("of")), str(fact.detail.get("is"))
    text, tone = _WORDS.get((of, now), (f"{{area}}: {of} is {now.replace('_', ' ')}", "note"))
    return text.format(area=area), tone


def is_for_the_log_alone(fact: Fact) -> bool:
    """Rooms are taken and left all day long: that is on their tiles, and in the log, and no news."""
    return fact.detail.get("of") == "status" and fact.detail.get("is") != "unavailable"
