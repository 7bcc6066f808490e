"""A real Mosquitto for a test: its own port, its own files, and every way to die that a broker has."""

import base64
import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.support.components import program

PATIENCE_S = 10.0
ROUNDS = 101  # Mosquitto's own default; these passwords guard nothing


def free_port() -> int:
    """A loopback port nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class ServerTls:
    ca_file: Path
    cert_file: Path
    key_file: Path
    require_certificate: bool = False


class MosquittoBroker:
    """Use as a context manager. It keeps its port and its files through `stop`, `kill` and `start`.

    No users: anyone may connect. Skips the test when Mosquitto is not installed. `inside` are the words before the command
    that put it into a network of its own, where `host` is how it is reached.
    """

    def __init__(
        self,
        directory: Path,
        *,
        users: Mapping[str, str] | None = None,
        acl: str | None = None,
        persistence: bool = False,
        nodelay: bool = True,
        tls: ServerTls | None = None,
        host: str = "127.0.0.1",
        inside: tuple[str, ...] = (),
        extra: tuple[str, ...] = (),
    ) -> None:
        self._command = (*inside, program("mosquitto"))
        self.host = host
        self._directory = directory
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        lines = [
            f"listener {self.port} {'0.0.0.0' if inside else host}",
            f"set_tcp_nodelay {str(nodelay).lower()}",
            f"allow_anonymous {str(users is None).lower()}",
            f"persistence {str(persistence).lower()}",
            "log_dest stderr",
            "log_type all",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # it would change to a user who cannot read a test's directory
        if persistence:
            lines += [f"persistence_location {directory}/", "autosave_interval 1"]
        if users is not None:
            lines.append(f"password_file {self._write('passwords', _password_file(users), 0o600)}")
        if acl is not None:
            lines.append(f"acl_file {self._write('acl', acl, 0o600)}")
        if tls is not None:
            lines += [f"cafile {tls.ca_file}", f"certfile {tls.cert_file}", f"keyfile {tls.key_file}"]
            lines.append(f"require_certificate {str(tls.require_certificate).lower()}")
        self._config = self._write("mosquitto.conf", "\n".join([*lines, *extra, ""]))
        self.log_file = directory / "mosquitto.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Return once it takes connections."""
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen([*self._command, "-c", str(self._config)], stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise AssertionError(f"mosquitto ended at once: {self.log()[-2000:]}")
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=1):
                return
            time.sleep(0.002)
        raise AssertionError(f"mosquitto took no connection in {PATIENCE_S} s: {self.log()[-2000:]}")

    def stop(self) -> None:
        """End it politely: it says goodbye and saves."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Its connections stay open and nobody is home."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    @property
    def pid(self) -> int:
        return self._running().pid

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the broker is not running"
        return self._process

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)  # a stopped process handles no SIGTERM
        process.wait(PATIENCE_S)

    def _write(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self._directory / name
        path.write_text(text)
        path.chmod(mode)
        return path


def _password_file(users: Mapping[str, str]) -> str:
    return "".join(f"{user}:{_hashed(password)}\n" for user, password in users.items())


def _hashed(password: str) -> str:
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
