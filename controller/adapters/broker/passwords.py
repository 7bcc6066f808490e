"""The passwords of an embedded broker: one for each user, made once, kept 0600.

Nothing here is ever printed. Mosquitto's file holds salted PBKDF2 hashes; the plain ones stay in
passwords.json beside it, because virtual devices and the person wiring a real one need them.
"""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

# Mosquitto's own default. The passwords are 144 random bits, so stretching adds nothing to their strength.
ITERATIONS = 101
DOOR_KEYS = "doors.json"


def load_or_create(path: Path, users: Iterable[str]) -> dict[str, str]:
    """The password of every user, new ones added; a user who left keeps theirs for the day they return."""
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [user for user in users if user not in known]
    if missing:
        known.update((user, secrets.token_urlsafe(18)) for user in missing)
        write_private(path, json.dumps(known, indent=1, sort_keys=True))
    return known


def mosquitto_password_file(passwords: Mapping[str, str]) -> str:
    """Lines `user:$7$iterations$salt$hash`, what mosquitto_passwd would write."""
    return "".join(f"{user}:{_hashed(password)}\n" for user, password in sorted(passwords.items()))


def write_private(path: Path, text: str) -> None:
    """Replace a file whole, readable by its owner alone from its first byte on."""
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def write_door_keys(folder: Path, list_key: bytes, public_key: bytes) -> None:
    """`doors.json` beside the passwords: what a door needs to know our access lists, and badges without us."""
    keys = {"list_key": list_key.hex(), "public_key": public_key.hex()}
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(folder / DOOR_KEYS, json.dumps(keys, indent=1))


def _hashed(password: str) -> str:
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
