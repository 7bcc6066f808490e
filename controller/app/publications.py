"""Which version of the space file counts: what is published in the data folder, beside the file a service starts with.

A file that says something new wins over what is published; one that has not changed since the last start does not
undo what was published after it. Either way the log says so.
"""

import asyncio
import logging
from pathlib import Path

from controller.adapters.clock import SystemClock
from controller.adapters.publications import PublicationFolder, Start, version_of
from controller.domain.building import Space
from controller.errors import InputError, StoreError
from controller.services.policy.publishing import Publication
from controller.space import load

logger = logging.getLogger(__name__)

STARTING = "the start of the service"


def space_at_start(data: Path, file: Path | None, given: Space) -> Space:
    """What the service is to run on: `given` as read from `file`, or what was published since `file` last changed.

    To be asked once the data folder is ours alone. `given` without a file is nobody's to publish.

    Raises:
        SpaceError: what is published can no longer be read by this version of Natoma.
    """
    if file is None:
        return given
    folder = PublicationFolder(data)
    try:
        current, known = folder.current(), folder.started_with()
    except StoreError as error:
        logger.warning("what was published cannot be read, %s counts: %s", file, error)
        current, known = None, None
    start = Start(str(file.resolve()), given.version)
    is_new = current is None or (current.version != given.version and known != start)
    try:
        folder.starts_with(start)
        if is_new:
            folder.publish(text_of(file), at=SystemClock().now(), by=STARTING, source=str(file))
    except StoreError as error:
        # Doors are more than a history of policies.
        logger.warning("that %s counts could not be written down: %s", file, error)
    if current is None:
        return given
    if is_new:
        logger.warning("%s is not what was published (%s): from now on it counts", file, _told(current))
        return given
    if current.version == given.version:
        return given
    logger.warning(
        "%s is as it was at the last start; what was published since counts: %s. "
        "To go back to the file: natoma publish %s",
        file,
        _told(current),
        file,
    )
    return load(folder.path_of(current.version))


def counting_file(data: Path, file: Path | None) -> Path | None:
    """The file to ask about what counts in this data folder, by the same rule; `file` where it is another on purpose.

    None where nothing is named and nothing was published.
    """
    folder = PublicationFolder(data)
    current = folder.current()
    if current is None:
        return file
    if file is not None and folder.started_with() != Start(str(file.resolve()), version_of(text_of(file))):
        return file
    return folder.path_of(current.version)


def space_of_version(data: Path, version: str) -> Space:
    """A version that once counted; InputError where it is not kept here, SpaceError where it cannot be read any more."""
    return load(PublicationFolder(data).path_of(version))


async def version_read(data: Path, version: str) -> Space:
    """The same for a running service: a large file takes long enough to keep a tap waiting."""
    return await asyncio.to_thread(space_of_version, data, version)


def text_of(file: Path) -> str:
    """The text of a space file, as its version is counted."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error})") from error


def _told(publication: Publication) -> str:
    return f"version {publication.version}, {publication.at:%Y-%m-%d %H:%M} UTC by {publication.by}"
