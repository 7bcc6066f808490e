"""Starts an embedded broker, watches it, and starts it again when it dies.

Which broker, on which port, with which files; what it may be asked is in `rights`.
"""

import asyncio
import contextlib
import importlib.util
import json
import logging
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from controller.adapters.broker.configuration import mosquitto_conf
from controller.adapters.broker.passwords import load_or_create, mosquitto_password_file, write_private
from controller.adapters.broker.rights import CONTROLLER_USERS, ONBOARDING_USER, RECORDER_USER, mosquitto_acl
from controller.adapters.children import die_with_parent
from controller.errors import StartupError

logger = logging.getLogger(__name__)

FIRST_PORT = 1883
# Past this many busy ports something is wrong with the machine, not with our luck.
PORTS_TRIED = 20
START_LIMIT = 15.0
# A broker that was told to stop saves its queue first.
PREDECESSOR_LIMIT = 5.0
RESTART_AFTER = 0.5
RESTART_AT_MOST = 10.0
# It serves this machine alone, with passwords; a container has no other user to be.
KNOWN_TO_US = "should not be run as root"


class BrokerProgram(StrEnum):
    """What may serve as a broker of our own."""

    MOSQUITTO = "mosquitto"
    AMQTT = "amqtt"  # pure Python: for trying things where mosquitto is not installed


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a broker answers. `version` is 5 or 4 (MQTT 3.1.1)."""

    host: str
    port: int
    version: int
    passwords: Mapping[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        return f"mqtt://{self.host}:{self.port}"


@dataclass(slots=True)
class EmbeddedBroker:
    """A running child: `name` for people, `limits` what it cannot do, empty for Mosquitto."""

    name: str
    endpoint: Endpoint
    folder: Path
    root: str
    limits: str = ""
    restarts: int = 0
    process: asyncio.subprocess.Process | None = None


@asynccontextmanager
async def open_broker(
    folder: Path,
    root: str,
    users: Iterable[str],
    *,
    dialects: Mapping[str, str] | None = None,
    port: int | None = None,
    program: BrokerProgram | None = None,
    predecessor_limit: float = PREDECESSOR_LIMIT,
) -> AsyncIterator[EmbeddedBroker]:
    """Run a broker while the context is open.

    Args:
        folder: where it keeps its files; made when missing.
        root: the contract's topic root.
        users: device ids that may connect.
        dialects: what each of them speaks besides the contract, where the space file says so.
        port: a port somebody insists on (busy is an error), or None for the first free from 1883 on.
        predecessor_limit: seconds to wait for the last broker of this folder to end.
        program: the one somebody insists on (missing is an error), or None for mosquitto, else amqtt.

    Raises:
        StartupError: no broker on this machine, the port is taken, or it does not come up.
    """
    await asyncio.to_thread(folder.mkdir, 0o700, parents=True, exist_ok=True)
    await _wait_for_predecessor(folder, predecessor_limit)
    chosen = _choose_port(port)
    passwords = _write_files(folder, root, users, dialects or {})
    broker = _choose_broker(folder, root, chosen, passwords, program)
    command = _command(broker, chosen, dialects or {})
    broker.process = await _start(broker, command)
    watcher = asyncio.get_running_loop().create_task(_keep_running(broker, command), name="embedded broker")
    try:
        yield broker
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        await _stop(broker)


def find_mosquitto() -> str | None:
    """Debian keeps it in /usr/sbin, which is not on everybody's PATH."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


def _choose_broker(
    folder: Path, root: str, port: int, passwords: Mapping[str, str], wanted: BrokerProgram | None
) -> EmbeddedBroker:
    if wanted is not BrokerProgram.AMQTT and find_mosquitto() is not None:
        return EmbeddedBroker("mosquitto", Endpoint("127.0.0.1", port, 5, passwords), folder, root)
    if wanted is BrokerProgram.MOSQUITTO:
        raise StartupError(
            "mosquitto is asked for with --broker and not installed; install it (Debian: apt install mosquitto), "
            "or leave --broker out for what there is"
        )
    if importlib.util.find_spec("amqtt") is None:
        missing = (
            "mosquitto is not installed and neither is the pure-Python one" if wanted is None else "amqtt is missing"
        )
        raise StartupError(
            f"no broker: {missing}; "
            "install mosquitto (Debian: apt install mosquitto), or `pip install 'natoma[embedded]'`, "
            "or name a broker with --mqtt mqtt://host:1883"
        )
    return EmbeddedBroker(
        "amqtt",
        Endpoint("127.0.0.1", port, 4, passwords),
        folder,
        root,
        limits="pure-Python broker for trying things: MQTT 3.1.1 only, so a retained read looks like a live one, and what waits in it is lost when it stops; "
        "install mosquitto for a real space",
    )


def _command(broker: EmbeddedBroker, port: int, dialects: Mapping[str, str]) -> list[str]:
    folder = broker.folder.resolve()
    if broker.name == "mosquitto":
        (folder / "mosquitto.conf").write_text(mosquitto_conf(folder, port))
        return [find_mosquitto() or "mosquitto", "-c", str(folder / "mosquitto.conf")]
    settings = {
        "port": port,
        "root": broker.root,
        "passwords": str(folder / "passwords.json"),
        "dialects": dict(dialects),
    }
    (folder / "amqtt.json").write_text(json.dumps(settings))
    return [sys.executable, "-m", "controller.adapters.broker.pure_python", str(folder / "amqtt.json")]


def _write_files(folder: Path, root: str, users: Iterable[str], dialects: Mapping[str, str]) -> dict[str, str]:
    everyone = [*CONTROLLER_USERS, ONBOARDING_USER, RECORDER_USER, *sorted(users)]
    passwords = load_or_create(folder / "passwords.json", everyone)
    write_private(folder / "passwords.mosquitto", mosquitto_password_file({u: passwords[u] for u in everyone}))
    write_private(folder / "acl.mosquitto", mosquitto_acl(root, everyone, dialects))
    return passwords


def _choose_port(wanted: int | None) -> int:
    if wanted is not None:
        if not _is_free(wanted):
            raise StartupError(
                f"broker port {wanted} on 127.0.0.1 is in use by another program; "
                "stop that one, choose a free port with --broker-port, or use it as yours with --mqtt"
            )
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        if _is_free(port):
            return port
    raise StartupError(
        f"no free port from {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1}; choose one with --broker-port"
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


async def _wait_for_predecessor(folder: Path, limit: float) -> None:
    """A controller that was killed takes its broker with it, a moment later: wait while that one saves its queue."""
    try:
        pid = int((folder / "broker.pid").read_text())
    except (FileNotFoundError, ValueError):
        return
    deadline = asyncio.get_running_loop().time() + limit
    while _is_ours(pid, folder):
        if asyncio.get_running_loop().time() > deadline:
            raise StartupError(
                f"a broker of this data folder ({folder}) is still running as process {pid}: "
                "another natoma is using the folder; stop it, or give this one its own with --data"
            )
        await asyncio.sleep(0.05)


def _is_ours(pid: int, folder: Path) -> bool:
    try:
        return str(folder.resolve()).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


async def _start(broker: EmbeddedBroker, command: list[str]) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=die_with_parent,
    )
    (broker.folder / "broker.pid").write_text(str(process.pid))
    said: list[str] = []
    assert process.stderr is not None  # asked for above
    asyncio.get_running_loop().create_task(_forward(process.stderr, broker.name, said), name="broker output")
    deadline = asyncio.get_running_loop().time() + START_LIMIT
    while not await _answers(broker.endpoint):
        if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
            raise StartupError(_why_not_started(broker, said))
        await asyncio.sleep(0.02)
    return process


def _why_not_started(broker: EmbeddedBroker, said: list[str]) -> str:
    reasons = [line for line in said if KNOWN_TO_US not in line][-3:]
    text = f"{broker.name} did not start on port {broker.endpoint.port}: {' / '.join(reasons) or 'no reason given'}"
    if any("persistent database" in line for line in reasons):
        # It never starts over a damaged store, and only a person may give up what waits in there.
        text += f"; move {broker.folder / 'mosquitto.db'} away to start without the messages that waited in it"
    return text


async def _forward(stream: asyncio.StreamReader, name: str, said: list[str]) -> None:
    async for line in stream:
        text = line.decode(errors="replace").strip()
        said[:] = [*said[-9:], text]
        is_bad = ("rror" in text or "arning" in text) and KNOWN_TO_US not in text
        level = logging.WARNING if is_bad else logging.DEBUG
        logger.log(level, "%s: %s", name, text)


async def _answers(endpoint: Endpoint) -> bool:
    try:
        _, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def _keep_running(broker: EmbeddedBroker, command: list[str]) -> None:
    pause = RESTART_AFTER
    while True:
        assert broker.process is not None  # started before this task
        code = await broker.process.wait()
        logger.warning("%s ended with code %s; starting it again in %.1f s", broker.name, code, pause)
        await asyncio.sleep(pause)
        try:
            broker.process = await _start(broker, command)
        except StartupError as error:
            logger.error("%s", error)
            pause = min(pause * 2, RESTART_AT_MOST)
        else:
            broker.restarts += 1
            pause = RESTART_AFTER


async def _stop(broker: EmbeddedBroker) -> None:
    process = broker.process
    if process is None or process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        process.kill()
        await process.wait()
