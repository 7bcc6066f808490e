"""A backup as it lies somewhere: a folder, one tar file, or one behind a passphrase. Written whole, or not at all.

Files go through in pieces, whatever their size. What is in them is others' affair.
"""

import contextlib
import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Protocol, cast

from controller.adapters.backup.manifest import NAME, Manifest, Packed, is_known, read_manifest
from controller.adapters.backup.sealed import Opener, Sealer, is_sealed
from controller.errors import InputError, StoreError

_PIECE = 1 << 20
_LARGEST_MANIFEST = 16 << 20


class Box(Protocol):
    """Takes one file after the other."""

    def put(self, name: str, file: Path, schema: str = "") -> None: ...  # `file` is gone after it
    def leave_out(self, what: str) -> None: ...  # in words, into its manifest


class _Folder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packed: list[Packed] = []
        self.left_out: list[str] = []

    def leave_out(self, what: str) -> None:
        self.left_out.append(what)

    def put(self, name: str, file: Path, schema: str = "") -> None:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.replace(target)
        with target.open("rb") as content:
            digest, size = hashed(content)
            os.fsync(content.fileno())
        self.packed.append(Packed(name, size, digest, schema))

    def close(self, manifest: Manifest) -> None:
        path = self.folder / NAME
        path.write_text(manifest.as_json(), encoding="utf-8")
        _sync(path)


class _Tar:
    def __init__(self, stream: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115  # closed below
        self.packed: list[Packed] = []
        self.left_out: list[str] = []

    def leave_out(self, what: str) -> None:
        self.left_out.append(what)

    def put(self, name: str, file: Path, schema: str = "") -> None:
        with file.open("rb") as content:
            digest, size = hashed(content)
            content.seek(0)
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = size, 0o600
            self._tar.addfile(entry, content)
        file.unlink()
        self.packed.append(Packed(name, size, digest, schema))

    def close(self, manifest: Manifest) -> None:
        text = manifest.as_json().encode()
        entry = tarfile.TarInfo(NAME)
        entry.size, entry.mode = len(text), 0o600
        self._tar.addfile(entry, io.BytesIO(text))
        self._tar.close()


@contextlib.contextmanager
def new_folder(path: Path, manifest: Manifest) -> Iterator[Box]:
    """A folder of files, there when the context ends well."""
    if path.exists():
        raise InputError(f"{path} is there already — name another, or a folder that it is to be put into")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with _mended(path, draft):
        draft.mkdir(parents=True, mode=0o700)
        box = _Folder(draft)
        yield box
        box.close(_of(box, manifest))
        draft.rename(path)


@contextlib.contextmanager
def new_file(path: Path, manifest: Manifest, passphrase: bytes | None) -> Iterator[Box]:
    """One file, there when the context ends well; readable by its owner alone."""
    if path.exists():
        raise InputError(f"{path} is there already — name another file, or remove that one")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with _mended(path, draft):
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            sealer = Sealer(file, passphrase) if passphrase is not None else None
            box = _Tar(cast("IO[bytes]", sealer or file))
            yield box
            box.close(_of(box, manifest))
            if sealer is not None:
                sealer.close()
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)


def _of(box: _Folder | _Tar, manifest: Manifest) -> Manifest:
    return replace(manifest, files=tuple(box.packed), left_out=(*manifest.left_out, *box.left_out))


@contextlib.contextmanager
def _mended(path: Path, draft: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise StoreError(f"{path} cannot be written ({exc.strerror or exc}); nothing is left of it") from exc
    finally:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)


def unpack(path: Path, into: Path, passphrase: bytes | None) -> Manifest:
    """Put every file of a backup into an empty folder, each one as its manifest says.

    Raises:
        InputError: it is damaged, cut off, no backup, or one this program cannot read. What is in `into` is then nothing.
    """
    try:
        manifest, found = _from_folder(path, into) if path.is_dir() else _from_file(path, into, passphrase)
    except (tarfile.TarError, EOFError) as exc:
        raise InputError(f"{path}: is damaged or cut off, or no backup of Natoma ({exc})") from exc
    except OSError as exc:
        raise InputError(f"{path}: cannot be unpacked ({exc.strerror or exc})") from exc
    wanted = {one.name: one for one in manifest.files}
    if missing := sorted(set(wanted) - set(found)):
        raise InputError(f"{path}: is not whole: {', '.join(missing)} is missing")
    for name, (digest, size) in found.items():
        if name not in wanted:
            raise InputError(f"{path}: {name} is in it and not in its manifest: somebody changed it")
        if (digest, size) != (wanted[name].sha256, wanted[name].size):
            raise InputError(f"{path}: {name} is damaged: it is not what its manifest says")
    return manifest


_Found = dict[str, tuple[str, int]]  # name -> digest, size


def _from_folder(path: Path, into: Path) -> tuple[Manifest, _Found]:
    if not (path / NAME).is_file():
        raise InputError(f"{path}: there is no {NAME} in it — name a folder that `natoma backup` made")
    manifest = read_manifest((path / NAME).read_bytes(), str(path))
    found = {}
    for one in manifest.files:
        if not is_known(one.name):
            raise InputError(f"{path}: {one.name!r} is no file of a house")
        if (path / one.name).is_file():
            with (path / one.name).open("rb") as content:
                found[one.name] = _put(content, into / one.name)
    return manifest, found


def _from_file(path: Path, into: Path, passphrase: bytes | None) -> tuple[Manifest, _Found]:
    manifest, found = None, {}
    with path.open("rb") as file:
        stream: Any = file
        if is_sealed(file):
            if passphrase is None:
                raise InputError(f"{path}: is behind a passphrase — name its file with --passphrase-file")
            stream = Opener(file, passphrase, str(path))
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for entry in tar:
                content = tar.extractfile(entry) if entry.isreg() else None
                if content is None or not (entry.name == NAME or is_known(entry.name)):
                    raise InputError(f"{path}: {entry.name!r} is no file of a house")
                if entry.name == NAME:
                    manifest = read_manifest(content.read(_LARGEST_MANIFEST), str(path))
                else:
                    found[entry.name] = _put(content, into / entry.name)
        while stream.read(_PIECE):
            pass  # what is cut off behind the last entry is found too
    if manifest is None:
        raise InputError(f"{path}: is cut off: its {NAME} is missing")
    return manifest, found


def _put(content: IO[bytes], target: Path) -> tuple[str, int]:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        found = hashed(content, file)
        file.flush()
        os.fsync(file.fileno())
    return found


def hashed(content: IO[bytes], copy: IO[bytes] | None = None) -> tuple[str, int]:
    """SHA-256 and size of what is read, in pieces; and a copy of it, where one is wanted."""
    digest, size = hashlib.sha256(), 0
    while piece := content.read(_PIECE):
        digest.update(piece)
        size += len(piece)
        if copy is not None:
            copy.write(piece)
    return digest.hexdigest(), size


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
