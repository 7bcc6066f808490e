"""Reader profiles by name: how each kind of reader in this house spells a badge.

What a spelling means is `devices.badges`' knowledge; here names become profiles.
"""

from collections.abc import Mapping
from dataclasses import replace

from controller.domain.building import Device, Space
from devices.badges import CONTRACT, WIEGAND26, Base, ByteOrder, Keep, ReaderProfile

BUILT_IN: Mapping[str, ReaderProfile] = {
    "iso14443a": CONTRACT,
    "iso14443a-reversed": replace(CONTRACT, byte_order=ByteOrder.REVERSED),
    "iso14443a-decimal": replace(CONTRACT, base=Base.DECIMAL),
    "wiegand26": replace(CONTRACT, keep_bytes=3, bits=24, format=WIEGAND26),
    "wiegand26-facility": replace(CONTRACT, base=Base.FACILITY, bits=24, format=WIEGAND26),
}


def profiles_of(space: Space) -> dict[str, ReaderProfile]:
    """Every profile a device of this space may name."""
    return {**BUILT_IN, **{name: _profile(written) for name, written in space.reader_profiles.items()}}


class Profiles:
    """The profile of each device, by the version of the space that counts."""

    def __init__(self, space: Space) -> None:
        self.publish(space)

    def publish(self, space: Space) -> None:
        """Take up another version."""
        self._known = profiles_of(space)

    def __call__(self, device: Device) -> ReaderProfile:
        return self._known[device.reader_profile]


def _profile(written: Mapping[str, object]) -> ReaderProfile:
    # The file's models have judged every value; here they only get their types back.
    words: dict[str, type] = {"base": Base, "byte_order": ByteOrder, "keep": Keep}
    return ReaderProfile(**{key: words[key](value) if key in words else value for key, value in written.items()})  # type: ignore[arg-type]
