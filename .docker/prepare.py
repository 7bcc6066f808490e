"""Makes the accounts that a space's services lack, each group in a folder of its own.

Runs once at every `docker compose up`, as root and without a network; what exists is kept. The folders are volumes, so
that no service sees a password that is not its own: Mosquitto hashes, the controller its two connections, the onboarding
credential and InfluxDB's token, the simulator the devices, InfluxDB its password and its token.

    prepare.py SPACE_FILE ACCOUNTS_FOLDER

After a device was added to the space file: docker compose up, then docker compose restart mosquitto.
"""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from controller.adapters.broker.passwords import load_or_create, mosquitto_password_file, write_private
from controller.adapters.broker.rights import CONTROLLER_USERS, ONBOARDING_USER
from controller.errors import ControllerError, InputError
from controller.space import load

# Who runs in which image.
NATOMA = 10001
MOSQUITTO = 1883
INFLUXDB = 1000

# .docker/mosquitto/acl spells this root out.
ROOT = "natoma"


def prepare(space_file: Path, accounts: Path, own: Callable[[Path, int, int], None] = os.chown) -> None:
    """Write every account that is missing; what a folder holds belongs to the service it is for."""
    space = load(space_file)
    if space.root != ROOT:
        raise InputError(f"{space_file}: root {space.root!r} — the broker's rules (.docker/mosquitto/acl) say {ROOT!r}")
    broker, server, devices, influx = (_folder(accounts, name) for name in ("broker", "server", "devices", "influx"))

    users = (*CONTROLLER_USERS, ONBOARDING_USER)
    passwords = _chosen(server, users) | _chosen(devices, sorted(space.devices))
    write_private(broker / "mosquitto.passwords", mosquitto_password_file(passwords))
    for name in ("password", "token"):
        if not (influx / name).exists():
            write_private(influx / name, secrets.token_urlsafe(32))
    # A setting of the controller's: its environment would show it to whoever may ask the engine.
    write_private(server / "influx.toml", f'influx_token = "{(influx / "token").read_text()}"\n')

    for folder, owner in ((broker, MOSQUITTO), (server, NATOMA), (devices, NATOMA), (influx, INFLUXDB)):
        for path in (folder, *folder.iterdir()):
            own(path, owner, owner)


def _folder(accounts: Path, name: str) -> Path:
    folder = accounts / name
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def _chosen(folder: Path, users: tuple[str, ...] | list[str]) -> dict[str, str]:
    """The passwords of these users; one who left the space file keeps theirs in the folder, but not on the broker."""
    known = load_or_create(folder / "passwords.json", users)
    return {user: known[user] for user in users}


if __name__ == "__main__":
    try:
        prepare(Path(sys.argv[1]), Path(sys.argv[2]))
    except ControllerError as exc:
        sys.exit(f"natoma: {exc}")
