"""Where the broker is, and what a running demo left for us in its data directory.

`<data>/broker/endpoint.json` has url, version and space; `<data>/broker/passwords.json` a password for each
device; `<data>/broker/doors.json` beside it what doors need to know the house's access lists. Flags win over files.
"""

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from devices.accesslist import KEY_BYTES
from devices.link import MQTT_3_1_1, MQTT_5, TlsSettings
from devices.units import DoorKeys
from simulator.errors import InputError

VERSIONS = {"5": MQTT_5, "3.1.1": MQTT_3_1_1, "4": MQTT_3_1_1}
_DOORS = "doors.json"
_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Endpoint:
    url: str
    host: str
    port: int
    version: int = MQTT_5
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: TlsSettings | None = None
    door_keys: DoorKeys | None = None  # without them doors know no list and admit nobody alone

    def through(self, port: int) -> "Endpoint":
        """The same broker by way of a port of this machine; its certificate still names the broker."""
        tls = replace(self.tls, server_name=self.tls.server_name or self.host) if self.tls is not None else None
        return replace(self, host="127.0.0.1", port=port, tls=tls)

    def require_passwords(self, devices: Iterable[str]) -> None:
        """A broker with users refuses a device without a password; say so before anything is started."""
        missing = sorted(set(devices) - set(self.passwords)) if self.passwords else []
        if missing:
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            raise InputError(
                f"the passwords file has none for {', '.join(missing[:3])}{more}; "
                "it was made for another space file: start `natoma run` with this one, which adds them"
            )


@dataclass(frozen=True, slots=True)
class DataDir:
    """The data directory of a demo, by default ./natoma-data."""

    path: Path

    @property
    def people(self) -> Path:
        return self.path / "people.csv"

    @property
    def passwords(self) -> Path:
        return self.path / "broker" / "passwords.json"

    @property
    def socket(self) -> Path:
        return self.path / "simulator.sock"

    def nobody_known(self, space: Path | None = None) -> str:
        """That there is nobody to call by name here, and the words that change it; `space` if it was told by flag."""
        where = [] if self.path == Path("natoma-data") else ["--data", str(self.path)]
        where += ["--space", str(space)] if space is not None else []
        file = str(self.people)
        return (
            "there are no people known here. Make some and import them:\n"
            f"  {shlex.join(['natoma-sim', 'people', *where, '--out', file])}\n"
            f"  {shlex.join(['natoma', 'people', 'import', file, *where, '--apply'])}\n"
            "or name the people file you imported with --people FILE"
        )

    def left(self) -> Mapping[str, object]:
        """What endpoint.json says; empty when no demo has run here."""
        file = self.path / "broker" / "endpoint.json"
        if not file.exists():
            return {}
        return read_json_object(file)

    def space(self, flag: Path | None) -> Path:
        """The space file: as told, else as the demo left it."""
        if flag is not None:
            return flag
        left = self.left().get("space")
        if isinstance(left, str):
            return Path(left)
        raise InputError(f"which space? Give --space FILE, or start `natoma demo`, which leaves it in {self.path}")

    def endpoint(self, url: str | None, version: str | None, passwords: Path | None, ca_file: Path | None) -> Endpoint:
        """The broker: as told, else as the demo left it."""
        left = self.left()
        if url is None:
            known = left.get("url")
            if not isinstance(known, str):
                raise InputError(
                    f"which broker? Give --mqtt mqtt://HOST:PORT, or start `natoma demo`, which leaves it in {self.path}"
                )
            url = known
        if version is None:
            version = str(left.get("version", "5"))
        if version not in VERSIONS:
            raise InputError(f"--mqtt-version {version!r} is not spoken; it is 5 or 3.1.1")
        if passwords is None and self.passwords.exists():
            passwords = self.passwords
        scheme, host, port = _parse(url)
        tls = TlsSettings(ca_file=ca_file) if scheme == "mqtts" else None
        known_passwords = _read_passwords(passwords) if passwords is not None else {}
        beside = (passwords or self.passwords).with_name(_DOORS)
        door_keys = _read_door_keys(beside) if beside.exists() else None
        return Endpoint(f"{scheme}://{host}:{port}", host, port, VERSIONS[version], known_passwords, tls, door_keys)


def read_json_object(path: Path) -> Mapping[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise InputError(f"{path}: cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise InputError(f"{path}: this is not JSON") from exc
    if not isinstance(content, dict):
        raise InputError(f"{path}: this is not a JSON object")
    return content


def _read_passwords(path: Path) -> Mapping[str, str]:
    content = read_json_object(path)
    if not all(isinstance(password, str) for password in content.values()):
        raise InputError(f'{path}: this is not a passwords file; it is {{"<device>": "<password>", …}}')
    return {user: str(password) for user, password in content.items()}


def _read_door_keys(path: Path) -> DoorKeys:
    content = read_json_object(path)
    try:
        keys = [bytes.fromhex(str(content[name])) for name in ("list_key", "public_key")]
    except (KeyError, ValueError):
        keys = []
    if [len(key) for key in keys] != [KEY_BYTES, KEY_BYTES]:
        raise InputError(
            f'{path}: these are not the doors\' keys; it is {{"list_key": …, "public_key": …}}, {2 * KEY_BYTES} hex '
            "digits each, written by the controller at its start"
        )
    return DoorKeys(*keys)


def _parse(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url if "://" in url else f"mqtt://{url}")
        port = parts.port
    except ValueError as exc:
        raise InputError(f"--mqtt {url!r} is not an address; write it like mqtt://127.0.0.1:1883") from exc
    if parts.scheme not in _PORTS or not parts.hostname:
        raise InputError(f"--mqtt {url!r} is not an address; write it like mqtt://127.0.0.1:1883, or mqtts:// for TLS")
    if parts.username or parts.password:
        raise InputError("--mqtt takes no user or password: each device has its own, in the passwords file")
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]
