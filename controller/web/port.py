"""Why an address could not be bound, in words that help: what holds it, and what to change."""

import errno
import socket
from pathlib import Path

from controller.errors import StartupError

_LISTEN = "0A"
_PROC = Path("/proc")


def refusal(host: str, port: int, exc: OSError, setting: str = "NATOMA_WEB_PORT") -> StartupError:
    """The error for a person, made from the one of the system."""
    where = f"{host}:{port}"
    flag = "--web-port or " if setting == "NATOMA_WEB_PORT" else ""
    change = f"choose another with {flag}{setting}"
    if exc.errno == errno.EADDRINUSE:
        holder = holder_of(port)
        return StartupError(
            f"web address {where} — already in use{f' by {holder}' if holder else ''}; stop that, or {change}"
        )
    if exc.errno == errno.EACCES:
        return StartupError(f"web address {where} — this user may not open port {port}; {change} (1024 or above)")
    if exc.errno == errno.EADDRNOTAVAIL or isinstance(exc, socket.gaierror):
        return StartupError(
            f"web address {where} — {host} is not an address of this machine; set {setting.replace('_PORT', '_HOST')} to 127.0.0.1"
        )
    return StartupError(f"web address {where} — {exc.strerror or exc}; {change}")


def holder_of(port: int, proc: Path = _PROC) -> str | None:
    """The program that listens on this TCP port, where the system tells (Linux, own processes or as root)."""
    inodes = _listening(port, proc)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in proc.glob("[0-9]*"):
        try:
            if any(str(handle.readlink()) in wanted for handle in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:
            continue  # somebody else's process, or one that just ended
    return None


def _listening(port: int, proc: Path) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes
