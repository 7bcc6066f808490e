"""Until when the certificates of a link are good: those in files, and the one its broker showed."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from controller.domain.papers import Paper
from devices.link import LinkState, TlsSettings


async def papers_of(tls: TlsSettings | None, state: Callable[[], LinkState]) -> tuple[Paper, ...]:
    """What can be read now; a file that cannot be is told by the link that needs it."""
    if tls is None:
        return ()
    found = await asyncio.to_thread(_in_files, tls)
    if (ends := state().certificate_ends) is not None:
        found.append(Paper("the broker's certificate", datetime.fromtimestamp(ends, UTC)))
    return tuple(found)


def _in_files(tls: TlsSettings) -> list[Paper]:
    found = []
    if tls.ca_file is not None and (ends := _ends(tls.ca_file)):
        # While they are exchanged there are two in the file: what counts is the one that lasts.
        found.append(Paper(f"the authority in {tls.ca_file}", max(ends)))
    if tls.cert_file is not None and (ends := _ends(tls.cert_file)):
        found.append(Paper(f"our own certificate in {tls.cert_file}", min(ends)))
    return found


def _ends(file: Path) -> list[datetime]:
    try:
        return [one.not_valid_after_utc for one in x509.load_pem_x509_certificates(file.read_bytes())]
    except (OSError, ValueError):
        return []
