"""Short texts as QR codes: pictures a reader or a phone takes in at arm's length. segno lives here alone."""

import io

import segno

# A quarter of it may be hidden by a crease or a thumb, and a reader that beeps at once is worth the larger picture.
ERROR_CORRECTION = "q"
QUIET_ZONE = 4  # modules of white around it; the standard's own number, without which some readers see nothing
PNG_SCALE = 10  # pixels for each module: sharp on a screen, and printed 3 cm wide


def qr_svg(text: str) -> bytes:
    """As a drawing that stands by itself: for print, and for a page."""
    out = io.BytesIO()
    _made(text).save(out, kind="svg", border=QUIET_ZONE, light="#fff", xmldecl=False, omitsize=True)
    return out.getvalue()


def qr_png(text: str) -> bytes:
    """As a picture for an e-mail: many programs show no SVG."""
    out = io.BytesIO()
    _made(text).save(out, kind="png", border=QUIET_ZONE, scale=PNG_SCALE)
    return out.getvalue()


def _made(text: str) -> segno.QRCode:
    return segno.make_qr(text, error=ERROR_CORRECTION)
