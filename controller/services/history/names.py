"""Which series somebody means: a device, a channel, a room by its id or name, a class.

What nobody here knows is refused with the nearest name.
"""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from controller.domain.building import Space
from controller.domain.history.values import Selection, Series
from controller.domain.ids import AreaId, DeviceId
from controller.services.history.asked import AskedError, Question

_NAMED_AT_MOST = 6
_SHOWN = 60
# Of ten letters of both words together six are the same, in their order: `nope` is no slip of the hand for Dore.
_NEAR = 0.6


def selection_of(asked: Question, space: Space, known: Iterable[Series], within: AreaId | None) -> Selection:
    """What is asked for, by the space and by what was ever measured; AskedError names what neither knows.

    `within` is the only room of whoever asks, and `known` what is measured there: nothing else is named.
    """
    series = [*known]
    room = _room(asked.room, space, series) if asked.room is not None else None
    device = _device(asked.device, space, series, within) if asked.device is not None else None
    device_class = None
    if asked.device_class is not None:
        device_class = _one(
            "class",
            asked.device_class,
            {one.device_class for one in series if one.device_class},
            "nothing here measures",
        )
    there = [one for one in series if Selection(device, None, room, device_class).takes(one)]
    channel = _channel(asked.channel, device, there, series) if asked.channel is not None else None
    return Selection(device, channel, room, device_class)


def _room(text: str, space: Space, series: Collection[Series]) -> AreaId:
    """Rooms of the space, and those of which only old readings are left."""
    rooms = {area.id: area.name for area in space.areas.values() if area.floor is not None}
    for id, name in rooms.items():
        if text.casefold() in (id.casefold(), name.casefold()):
            return id
    gone = {one.room: one.room for one in series if one.room is not None and one.room not in rooms}
    if AreaId(text) in gone:
        return AreaId(text)
    raise _unknown("room", text, [*rooms, *rooms.values(), *gone], f"{space.name} has no room", show=[*rooms])


def _device(text: str, space: Space, series: Collection[Series], within: AreaId | None) -> DeviceId:
    there = {str(one.id) for one in space.devices.values() if within in (None, one.area)}
    known = there | {str(one.device) for one in series}
    return DeviceId(_one("device", text, known, f"{space.name} has no device"))


def _channel(text: str, device: DeviceId | None, there: Collection[Series], series: Collection[Series]) -> str:
    if not there:  # nothing was measured there yet, and whatever it is called, there is nothing of it
        return text
    owner = f"{device} has no channel" if device is not None else "nothing here has a channel"
    known = {one.channel for one in there}
    if text not in known and text in {one.device_class for one in series}:
        raise AskedError("channel", f"{owner} {text[:_SHOWN]!r} — it is a class: ask for it as class")
    return _one("channel", text, known, owner)


def _one(field: str, text: str, known: Collection[str], lacks: str) -> str:
    if text in known:
        return text
    same = [name for name in known if name.casefold() == text.casefold()]
    if len(same) == 1:
        return same[0]
    raise _unknown(field, text, sorted(known), lacks)


def _unknown(
    field: str, text: str, known: Collection[str], lacks: str, *, show: Collection[str] | None = None
) -> AskedError:
    spelt = {name.casefold(): name for name in known}
    close = get_close_matches(text.casefold(), spelt, 1, _NEAR)
    if close:
        return AskedError(field, f"{lacks} {text[:_SHOWN]!r} — did you mean {_plain(spelt[close[0]])}?")
    listed = [_plain(name) for name in (known if show is None else show)]
    there = ", ".join(listed[:_NAMED_AT_MOST]) + (" and others" if len(listed) > _NAMED_AT_MOST else "")
    return AskedError(field, f"{lacks} {text[:_SHOWN]!r} — there is {there or 'none yet'}")


def _plain(name: str) -> str:
    """Classes and channels are words of devices: nothing of them may act on a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in name)
