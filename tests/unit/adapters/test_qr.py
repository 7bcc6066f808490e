"""QR codes of tickets: large enough a margin, strong enough a correction, and pictures that stand by themselves."""

import struct
import zlib
from xml.etree import ElementTree

from controller.adapters.qr import PNG_SCALE, QUIET_ZONE, qr_png, qr_svg
from controller.services.visitors.ticket_desk import new_token

TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWX"
MODULES = 25 + 2 * QUIET_ZONE  # version 2: what 24 capitals fit into with a quarter of it to spare


def rows(png: bytes) -> list[bytes]:
    """The picture's rows, one bit for each pixel, white 1."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, depth = 8, b"", 0
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind == b"IHDR":
            width, height, depth, *_ = struct.unpack(">IIBBBBB", png[at + 8 : at + 8 + size])
            assert (width, height, depth) == (MODULES * PNG_SCALE, MODULES * PNG_SCALE, 1)
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    line = (MODULES * PNG_SCALE + 7) // 8 + 1
    raw = zlib.decompress(data)
    found: list[bytes] = []
    for place in range(0, len(raw), line):
        row = raw[place + 1 : place + line]
        assert raw[place] in (0, 2)  # as it is, or as the difference to the row above
        above = found[-1] if raw[place] == 2 else bytes(len(row))
        found.append(bytes((one + other) % 256 for one, other in zip(row, above, strict=True)))
    return found


def test_a_picture_has_the_margin_that_readers_need():
    found = rows(qr_png(TOKEN))
    edge = QUIET_ZONE * PNG_SCALE

    assert len(found) == MODULES * PNG_SCALE
    assert all(set(row[: edge // 8]) == {0xFF} for row in found)
    assert all(set(row[:-1]) == {0xFF} for row in (*found[:edge], *found[-edge:]))
    assert set(found[edge][edge // 8 : edge // 8 + 8]) == {0x00}  # the corner mark's black bar


def test_every_token_makes_a_code_of_the_same_small_size():
    assert {len(rows(qr_png(new_token()))) for _ in range(20)} == {MODULES * PNG_SCALE}


def test_a_drawing_stands_by_itself_and_grows_with_its_frame():
    drawing = ElementTree.fromstring(qr_svg(TOKEN))

    assert drawing.get("viewBox") == f"0 0 {MODULES} {MODULES}"
    assert drawing.get("width") is None
    assert TOKEN.encode() not in qr_svg(TOKEN)
