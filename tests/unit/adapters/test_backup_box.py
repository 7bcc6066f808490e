"""A backup is whole or refused: damage, another passphrase, another version, names that lead elsewhere."""

import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.adapters.backup.box import new_file, new_folder, unpack
from controller.adapters.backup.manifest import Manifest, is_known
from controller.adapters.backup.sealed import PIECE, Opener, Sealer, read_passphrase
from controller.errors import InputError

MADE = datetime(2026, 11, 22, 3, tzinfo=UTC)
MANIFEST = Manifest("0.1.0", MADE, left_out=("the secrets",))
HORSE = b"correct horse battery"
LOG = b"what happened" * 100_000


def packed(tmp_path: Path, passphrase: bytes | None = None) -> Path:
    with new_file(tmp_path / "house.natoma", MANIFEST, passphrase) as box:
        for name, content in (("events.db", LOG), ("history/2026-10.db", b"october")):
            (tmp_path / "draft").write_bytes(content)
            box.put(name, tmp_path / "draft", "0002")
    return tmp_path / "house.natoma"


@pytest.mark.parametrize("passphrase", [None, HORSE], ids=["in the clear", "behind a passphrase"])
def test_what_is_unpacked_is_what_was_packed(tmp_path: Path, passphrase: bytes | None):
    manifest = unpack(packed(tmp_path, passphrase), tmp_path / "out", passphrase)

    assert (tmp_path / "out" / "events.db").read_bytes() == LOG
    assert (tmp_path / "out" / "history" / "2026-10.db").read_bytes() == b"october"
    assert (manifest.made, manifest.left_out) == (MADE, ("the secrets",))
    assert [(one.name, one.size, one.schema) for one in manifest.files] == [
        ("events.db", len(LOG), "0002"),
        ("history/2026-10.db", 7, "0002"),
    ]
    assert not (tmp_path / "draft").exists()
    assert (tmp_path / "house.natoma").stat().st_mode & 0o077 == 0


def test_a_folder_is_unpacked_as_well(tmp_path: Path):
    with new_folder(tmp_path / "house", MANIFEST) as box:
        (tmp_path / "draft").write_bytes(LOG)
        box.put("events.db", tmp_path / "draft")

    unpack(tmp_path / "house", tmp_path / "out", None)

    assert (tmp_path / "out" / "events.db").read_bytes() == LOG


@pytest.mark.parametrize("passphrase", [None, HORSE], ids=["in the clear", "behind a passphrase"])
@pytest.mark.parametrize("at", [0.2, 0.5, 0.999], ids=lambda at: f"{at:.1%}")
def test_a_byte_that_changed_is_found(tmp_path: Path, passphrase: bytes | None, at: float):
    path = packed(tmp_path, passphrase)
    content = bytearray(path.read_bytes())
    content[int(len(LOG) * at)] ^= 0x40
    path.write_bytes(content)

    with pytest.raises(InputError, match="damaged"):
        unpack(path, tmp_path / "out", passphrase)


@pytest.mark.parametrize("passphrase", [None, HORSE], ids=["in the clear", "behind a passphrase"])
@pytest.mark.parametrize("left", [0.0001, 0.3, 0.9], ids=lambda left: f"{left:.2%} left")
def test_a_backup_that_was_cut_off_is_refused(tmp_path: Path, passphrase: bytes | None, left: float):
    path = packed(tmp_path, passphrase)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * left)])

    with pytest.raises(InputError, match=r"cut off|damaged"):
        unpack(path, tmp_path / "out", passphrase)


def test_a_sealed_backup_tells_nothing_and_asks_for_its_passphrase(tmp_path: Path):
    path = packed(tmp_path, HORSE)

    assert b"happened" not in path.read_bytes()
    assert b"events.db" not in path.read_bytes()
    with pytest.raises(InputError, match="--passphrase-file"):
        unpack(path, tmp_path / "out", None)
    with pytest.raises(InputError, match="the passphrase is another"):
        unpack(path, tmp_path / "out", b"another horse altogether")


def test_pieces_of_a_sealed_stream_cannot_change_places():
    sealed = io.BytesIO()
    sealer = Sealer(sealed, HORSE)
    sealer.write(bytes(PIECE) + b"\1" * PIECE + b"end")
    sealer.close()
    content = sealed.getvalue()
    begin, size = len(content) - (2 * (PIECE + 16) + 3 + 16), PIECE + 16
    swapped = content[:begin] + content[begin + size : begin + 2 * size] + content[begin : begin + size]

    with pytest.raises(InputError, match="damaged"):
        Opener(io.BytesIO(swapped + content[begin + 2 * size :]), HORSE, "house").read()


def test_a_backup_of_another_version_is_refused_by_name(tmp_path: Path):
    with new_folder(tmp_path / "house", MANIFEST) as box:
        (tmp_path / "draft").write_bytes(LOG)
        box.put("events.db", tmp_path / "draft")
    text = json.loads((tmp_path / "house" / "manifest.json").read_text())
    (tmp_path / "house" / "manifest.json").write_text(json.dumps({**text, "format": 2, "natoma": "3.0.0"}))

    with pytest.raises(InputError, match=r"written by Natoma 3\.0\.0 in format 2, this program reads format 1"):
        unpack(tmp_path / "house", tmp_path / "out", None)


def test_a_file_that_leads_out_of_the_folder_is_put_nowhere(tmp_path: Path):
    with tarfile.open(tmp_path / "evil.natoma", "w") as tar:
        entry = tarfile.TarInfo("../evil.db")
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"evil"))

    with pytest.raises(InputError, match="is no file of a house"):
        unpack(tmp_path / "evil.natoma", tmp_path / "out", None)
    assert not (tmp_path / "evil.db").exists()


@pytest.mark.parametrize("name", ["../events.db", "/etc/passwd", "space/versions/../../x.yaml", "natoma.lock", "a.db"])
def test_only_files_of_a_house_are_known(name: str):
    assert not is_known(name)


def test_what_is_no_backup_is_said_to_be_none(tmp_path: Path):
    (tmp_path / "letter.txt").write_text("Dear Ada")

    with pytest.raises(InputError, match="no backup of Natoma"):
        unpack(tmp_path / "letter.txt", tmp_path / "out", None)
    with pytest.raises(InputError, match=r"there is no manifest\.json in it"):
        unpack(tmp_path, tmp_path / "out", None)


def test_a_backup_that_failed_half_way_leaves_nothing(tmp_path: Path):
    def half() -> None:
        with new_file(tmp_path / "house.natoma", MANIFEST, None) as box:
            box.put("events.db", tmp_path / "missing")

    with pytest.raises(Exception, match="cannot be written"):
        half()
    assert list(tmp_path.iterdir()) == []


def test_a_short_passphrase_is_refused(tmp_path: Path):
    (tmp_path / "pass").write_text("horse\n")

    with pytest.raises(InputError, match="its first line has 5 bytes — write 12 or more"):
        read_passphrase(tmp_path / "pass")
